"""The alignment network: a projection head a modality into one shared space, and fusions of pairs."""

from collections.abc import Mapping
from itertools import combinations
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from app.types import Modality

PAIRS = tuple(combinations(Modality, 2))  # (text, image), (text, speech), (image, speech)


class ProjectionHead(nn.Module):
    """Pooled outputs of one encoder to unit vectors of the shared space.

    Two linear layers with ReLU between, as the design has it, beside one linear map straight across. Inputs are
    centred and scaled first: encoders give vectors that lie in a narrow cone, in which unrelated things look alike.
    The straight map begins as an isometry and the two layers begin at zero, so an untrained head keeps the encoder's
    own geometry, and a trained one changes it only where the pairs say so: what it was never shown stays comparable.
    """

    def __init__(self, inputs: int, hidden: int, dim: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.zeros(inputs))
        self.scale = nn.Buffer(torch.ones(1))
        self.across = nn.Linear(inputs, dim, bias=False)
        self.first = nn.Linear(inputs, hidden)
        self.second = nn.Linear(hidden, dim)
        self.dropout = nn.Dropout(dropout)
        nn.init.orthogonal_(self.across.weight)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def standardise(self, outputs: Tensor) -> None:
        """Sets the centre and the scale from (n, inputs) outputs."""
        mean = outputs.mean(0)
        self.mean.copy_(mean)
        self.scale.copy_((outputs - mean).norm(dim=1).mean())

    def forward(self, pooled: Tensor) -> Tensor:
        """(batch, inputs) to (batch, dim) unit length."""
        centred = (pooled - self.mean) / self.scale
        bent = self.second(self.dropout(torch.relu(self.first(centred * self.first.in_features**0.5))))
        return functional.normalize(self.across(centred) + bent, dim=1)


class PairFusion(nn.Module):
    """Two unit vectors of one thing, side by side, to one: the mean of both, bent by two layers with ReLU between."""

    def __init__(self, hidden: int, dim: int) -> None:
        super().__init__()
        self.first = nn.Linear(2 * dim, hidden)
        self.second = nn.Linear(hidden, dim)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """Twice (batch, dim) unit length to (batch, dim) unit length."""
        side_by_side = torch.cat([left, right], dim=1)
        return functional.normalize(left + right + self.second(torch.relu(self.first(side_by_side))), dim=1)


class AlignmentNetwork(nn.Module):
    """All projection heads and pair fusions."""

    def __init__(self, inputs: Mapping[Modality, int], hidden: int = 512, dim: int = 512, dropout: float = 0.0) -> None:
        super().__init__()
        self.dim = dim
        self.heads = nn.ModuleDict(
            {modality: ProjectionHead(inputs[modality], hidden, dim, dropout) for modality in Modality}
        )
        self.fusions = nn.ModuleDict({f"{left}_{right}": PairFusion(hidden, dim) for left, right in PAIRS})

    def head(self, modality: Modality) -> ProjectionHead:
        """The projection head of a modality."""
        return cast(ProjectionHead, self.heads[modality])

    def project(self, modality: Modality, pooled: Tensor) -> Tensor:
        """(batch, inputs) pooled outputs to (batch, dim) unit length."""
        projected: Tensor = self.head(modality)(pooled)
        return projected

    def fuse(self, vectors: Mapping[Modality, Tensor]) -> Tensor:
        """One vector for two or three modalities of one thing; of three, the mean of its pairs' vectors.

        Args:
            vectors: (batch, dim) unit length each.

        Returns:
            (batch, dim) unit length.
        """
        fused = [
            self.fusions[f"{left}_{right}"](vectors[left], vectors[right])
            for left, right in PAIRS
            if left in vectors and right in vectors
        ]
        if not fused:
            return next(iter(vectors.values()))
        return functional.normalize(torch.stack(fused).mean(0), dim=1)
