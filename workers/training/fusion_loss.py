"""The loss of fusions: one vector of a mixed query must find the texts and pictures that answer the query."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from app.types import Modality
from workers.alignment.losses.info_nce import info_nce
from workers.alignment.network import AlignmentNetwork
from workers.training.batches import root_weights
from workers.training.device import through
from workers.training.mixed_sets import MixedSet
from workers.training.side import Side

NOISE = 0.5  # length of what is added to each part's vector, so that none is learnt by heart
# Of the loss that holds a fusion near the mean of its parts: without it, on dev, names typed beside recordings of
# unseen words are found first less often than by the mean.
HOLD = 5.0
LIGHTEST = 0.25  # weight of a part beside 1, at the least: a search may weigh its parts
AT_ONCE = 512  # outputs projected in one go


@dataclass(frozen=True, kw_only=True)
class _Projected:
    """A side's vectors in the shared space."""

    vectors: Tensor  # (contents, dim) unit length
    rows: Tensor  # (queries,)

    def take(self, batch: Tensor) -> Tensor:
        """(batch, dim)."""
        return self.vectors[self.rows[batch]]


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    parts: Mapping[Modality, _Projected]
    answer: _Projected
    queries: MixedSet


class FusionLoss:
    """Contrasts the fused vectors of mixed queries with what answers them. The heads stay as they are.

    Each part's vector is moved at random and weighs something at random, and the fused vector is held near their mean.

    Args:
        network: whose fusions are trained.
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
            _Drawn(
                parts={modality: _project(network, side) for modality, side in each.parts.items()},
                answer=_project(network, each.answer),
                queries=each,
            )
            for each in sets
        ]

    def __call__(self) -> Tensor:
        """The loss of one step, a scalar."""
        drawn = self._sets[int(torch.multinomial(self._often, 1, generator=self._chance))]
        count = len(drawn.queries)
        batch = torch.randint(count, (min(self._batch, count),), generator=self._chance)
        parts = {modality: self._moved(own.take(batch)) for modality, own in drawn.parts.items()}
        weights = {modality: self._weights(len(batch)).to(own.device) for modality, own in parts.items()}
        fused = self._network.fuse(parts, weights)
        mean = functional.normalize(torch.stack([weights[m][:, None] * own for m, own in parts.items()]).sum(0), dim=1)
        bent: Tensor = (1 - (fused * mean).sum(1)).mean()
        same = drawn.queries.same(batch).to(fused.device)
        return info_nce(fused, drawn.answer.take(batch), same, self._temperature) + HOLD * bent

    def _moved(self, vectors: Tensor) -> Tensor:
        noise = torch.randn(vectors.shape, generator=self._chance) / math.sqrt(vectors.shape[1])
        return functional.normalize(vectors + NOISE * noise.to(vectors.device), dim=1)

    def _weights(self, count: int) -> Tensor:
        return LIGHTEST + (1 - LIGHTEST) * torch.rand(count, generator=self._chance)


def _project(network: AlignmentNetwork, side: Side) -> _Projected:
    head = network.head(side.modality)
    training = head.training
    head.eval()
    with torch.no_grad():
        vectors = torch.cat([through(head, batch.float()) for batch in torch.split(side.plain, AT_ONCE)])
    head.train(training)
    return _Projected(vectors=vectors, rows=side.rows)
