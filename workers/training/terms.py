"""The terms that the losses of a stage are made of, each from one batch."""

import torch
from torch import Tensor, nn

from workers.alignment.losses.info_nce import info_nce
from workers.alignment.losses.triplet import triplet
from workers.alignment.network import AlignmentNetwork, ProjectionHead
from workers.training.batches import batch_of
from workers.training.device import through
from workers.training.pair_sets import PairSet
from workers.training.settings import BOTH, INFO_NCE, TRIPLET, TrainingSettings, pair_name


def set_loss(network: AlignmentNetwork, pairs: PairSet, settings: TrainingSettings, chance: torch.Generator) -> Tensor:
    """Brings the two sides of a batch of pairs together, by the losses that their modalities have."""
    batch = batch_of(pairs, settings, chance)
    left = through(network.head(pairs.left.modality), pairs.left.take(batch, chance))
    right = through(network.head(pairs.right.modality), pairs.right.take(batch, chance))
    return pair_loss(pairs, left, right, pairs.same(batch), settings)


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


def keep_loss(head: nn.Module, texts: Tensor, settings: TrainingSettings, chance: torch.Generator) -> Tensor:
    """How far the similarities of a batch of texts are from those of their encoder."""
    # A few thousand pairs know little of language; the encoder has read far more. Without this, what training never
    # showed drifts: on dev, titles of unseen products were found first less often (.28 of them instead of .34).
    # Only the texts that others are brought to are held: those of other languages must move.
    if not len(texts) or not settings.keep:
        return torch.zeros(())
    assert isinstance(head, ProjectionHead)
    batch = texts[torch.randint(len(texts), (settings.batch,), generator=chance)].float()
    before = nn.functional.normalize(batch - head.mean, dim=1)
    after = through(head, batch)
    loss: Tensor = (after @ after.T - before @ before.T).square().mean()
    return loss


def language_loss(
    head: nn.Module, before: nn.Module, pairs: PairSet, settings: TrainingSettings, chance: torch.Generator
) -> Tensor:
    """Contrasts texts with where the texts that they mean were before."""
    batch = torch.randint(len(pairs), (min(settings.batch, len(pairs)),), generator=chance)
    with torch.no_grad():
        right = through(before, pairs.right.take(batch))
    return pair_loss(pairs, through(head, pairs.left.take(batch, chance)), right, pairs.same(batch), settings)


def hold_loss(
    head: nn.Module, before: nn.Module, texts: Tensor, settings: TrainingSettings, chance: torch.Generator
) -> Tensor:
    """The mean cosine distance of texts from where they were before."""
    batch = texts[torch.randint(len(texts), (settings.batch,), generator=chance)].float()
    with torch.no_grad():
        place = through(before, batch)
    loss: Tensor = 1 - (through(head, batch) * place).sum(1).mean()
    return loss
