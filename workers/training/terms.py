"""The terms that the losses of a stage are made of, each from one batch."""

from collections.abc import Callable

import torch
from torch import Tensor

from workers.alignment.losses.info_nce import info_nce
from workers.alignment.losses.triplet import triplet
from workers.alignment.network import AlignmentNetwork
from workers.alignment.text_head import TextHead
from workers.training.batches import batch_of
from workers.training.device import through
from workers.training.pair_sets import PairSet
from workers.training.settings import BOTH, INFO_NCE, TRIPLET, TrainingSettings, pair_name

Projection = Callable[[Tensor], Tensor]  # (batch, inputs) to (batch, n) unit length


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


def language_loss(
    head: TextHead, before: TextHead, pairs: PairSet, settings: TrainingSettings, chance: torch.Generator
) -> Tensor:
    """Contrasts what texts mean with what the texts that they translate meant before."""
    batch = torch.randint(len(pairs), (min(settings.batch, len(pairs)),), generator=chance)
    with torch.no_grad():
        right = through(before.unpaired, pairs.right.take(batch))
    left = through(head.unpaired, pairs.left.take(batch, chance))
    return pair_loss(pairs, left, right, pairs.same(batch), settings)


def hold_loss(
    head: Projection, before: Projection, outputs: Tensor, settings: TrainingSettings, chance: torch.Generator
) -> Tensor:
    """The mean cosine distance of a batch of contents from where they were before."""
    batch = outputs[torch.randint(len(outputs), (settings.batch,), generator=chance)].float()
    with torch.no_grad():
        place = through(before, batch)
    loss: Tensor = 1 - (through(head, batch) * place).sum(1).mean()
    return loss
