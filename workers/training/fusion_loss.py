"""The loss of fusions: one vector of a mixed query must find the texts and pictures that answer the query."""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from workers.alignment.losses.info_nce import info_nce
from workers.alignment.network import AlignmentNetwork
from workers.training.batches import root_weights
from workers.training.mixed_sets import MixedSet

NOISE = 0.5  # length of what is added to each part's vector, so that none is learnt by heart
# Of the loss that holds a fusion near the mean of its parts: without it, on dev, names typed beside recordings of
# unseen words are found first less often than by the mean.
HOLD = 5.0
LIGHTEST = 0.25  # weight of a part beside 1, at the least: a search may weigh its parts


class FusionLoss:
    """Contrasts the fused vectors of mixed queries with what answers them. The heads stay as they are.

    Each part's vector is moved at random and weighs something at random, and the fused vector is held near their mean.

    Args:
        network: whose fusions are trained, its heads at rest.
        sets: at least one.
        batch: queries.
        temperature: of the contrast.
        chance: draws the set, its queries, noise and weights.
    """

    def __init__(
        self,
        network: AlignmentNetwork,
        sets: Sequence[MixedSet],
        *,
        batch: int,
        temperature: float,
        chance: torch.Generator,
    ) -> None:
        self._network = network
        self._batch, self._temperature, self._chance = batch, temperature, chance
        self._often = torch.tensor(root_weights(sets))
        self._sets = [
            replace(
                each,
                parts={modality: side.through(network.head(modality)) for modality, side in each.parts.items()},
                answer=each.answer.through(network.head(each.answer.modality)),
            )
            for each in sets
        ]

    def __call__(self) -> Tensor:
        """The loss of one step, a scalar."""
        drawn = self._sets[int(torch.multinomial(self._often, 1, generator=self._chance))]
        batch = torch.randint(len(drawn), (min(self._batch, len(drawn)),), generator=self._chance)
        parts = {modality: self._moved(own.take(batch)) for modality, own in drawn.parts.items()}
        weights = {modality: self._weights(len(batch)).to(own.device) for modality, own in parts.items()}
        fused = self._network.fuse(parts, weights)
        mean = functional.normalize(torch.stack([weights[m][:, None] * own for m, own in parts.items()]).sum(0), dim=1)
        bent: Tensor = (1 - (fused * mean).sum(1)).mean()
        same = drawn.same(batch).to(fused.device)
        return info_nce(fused, drawn.answer.take(batch), same, self._temperature) + HOLD * bent

    def _moved(self, vectors: Tensor) -> Tensor:
        noise = torch.randn(vectors.shape, generator=self._chance) / math.sqrt(vectors.shape[1])
        return functional.normalize(vectors + NOISE * noise.to(vectors.device), dim=1)

    def _weights(self, count: int) -> Tensor:
        return LIGHTEST + (1 - LIGHTEST) * torch.rand(count, generator=self._chance)
