"""The terms that the losses of a stage are made of, each from one batch."""

import torch
from torch import Tensor

from workers.alignment.losses.info_nce import info_nce
from workers.alignment.losses.triplet import triplet
from workers.training.batches import batch_of
from workers.training.device import Projection, through
from workers.training.pair_sets import PairSet
from workers.training.settings import BOTH, INFO_NCE, TRIPLET, TrainingSettings, pair_name


def set_loss(
    pairs: PairSet, left: Projection, right: Projection, settings: TrainingSettings, chance: torch.Generator
) -> Tensor:
    """Brings the two sides of a batch of pairs together, by the losses that their modalities have.

    Args:
        pairs: one set of them.
        left: outputs of the left sides to vectors.
        right: outputs of the right sides to vectors.
        settings: how.
        chance: draws the batch.
    """
    batch = batch_of(pairs, settings, chance)
    lefts = through(left, pairs.left.take(batch, chance))
    rights = through(right, pairs.right.take(batch, chance))
    return pair_loss(pairs, lefts, rights, pairs.same(batch), settings)


def pair_loss(pairs: PairSet, left: Tensor, right: Tensor, same: Tensor, settings: TrainingSettings) -> Tensor:
    """The losses that the pairs' modalities have, of (batch, dim) unit vectors and what is the same thing."""
    same = same.to(left.device)
    kind = settings.losses[pair_name(pairs.left.modality, pairs.right.modality)]
    loss = torch.zeros((), device=left.device)
    if kind in (INFO_NCE, BOTH):
        loss = loss + info_nce(left, right, same, settings.temperature)
    if kind in (TRIPLET, BOTH):
        loss = loss + triplet(left, right, same, settings.margin) + triplet(right, left, same.T, settings.margin)
    return loss


def hold_loss(
    project: Projection, contents: Tensor, places: Tensor, settings: TrainingSettings, chance: torch.Generator
) -> Tensor:
    """The mean cosine distance of a batch of contents from where they are to stay.

    Args:
        project: what is trained.
        contents: (n, inputs).
        places: (n, dim) unit length.
        settings: how.
        chance: draws the batch.
    """
    batch = torch.randint(len(contents), (settings.batch,), generator=chance)
    vectors = through(project, contents[batch].float())
    return 1 - (vectors * places[batch]).sum(1).mean()


def drift_loss(
    project: Projection, contents: Tensor, steps: Tensor, settings: TrainingSettings, chance: torch.Generator
) -> Tensor:
    """Half the squared change of a batch of steps beside their squared length.

    Args:
        project: contents to steps of any length; it is trained.
        contents: (n, inputs).
        steps: (n, outputs) that are to stay as they are.
        settings: how.
        chance: draws the batch.
    """
    batch = torch.randint(len(contents), (settings.batch,), generator=chance)
    change = through(project, contents[batch]) - steps[batch]
    return change.square().sum() / steps[batch].square().sum().clamp_min(1e-9) / 2
