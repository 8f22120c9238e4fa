"""The alignment network: a head a modality into one shared space, and fusions of pairs."""

from collections.abc import Mapping
from itertools import combinations
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from app.types import Modality
from workers.alignment.picture_head import ClassifierShape, PictureHead
from workers.alignment.rerank_head import RerankHead
from workers.alignment.text_head import TextHead

PAIRS = tuple(combinations(Modality, 2))  # (text, image), (text, speech), (image, speech)
TOKEN_DIM = 128  # numbers of a token's vector: a quarter of the default space's
GLANCES = 8  # weighted means that an attention head takes of a recording
SCORER = 128  # width of the layer that scores segments
REACH = 5  # segments that are looked at together when one is scored


class ProjectionHead(nn.Module):
    """Pooled outputs of an encoder that says nothing in words to unit vectors of the shared space.

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


class AttentionHead(nn.Module):
    """Segments of a recording to unit vectors of the shared space.

    In `where is the umbrella`, one word counts. Two convolutions with ReLU between score each segment beside its
    neighbours; eight means weighted by the softmax of such scores, side by side, go through one linear map. Against
    unseen words on dev, a second layer after the means overfits to the words of training, and means of fixed thirds
    find a word within a sentence 8 times out of 100 instead of 50.

    Source: self-attentive pooling of several hops, Lin et al., ICLR 2017 (arXiv 1703.03130).
    """

    def __init__(self, inputs: int, segments: int, dim: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.segments, width = segments, inputs // segments
        self.mean = nn.Buffer(torch.zeros(width))
        self.scale = nn.Buffer(torch.ones(width))
        self.first = nn.Conv1d(width, SCORER, REACH, padding=REACH // 2)
        self.second = nn.Conv1d(SCORER, GLANCES, 1)
        self.norm = nn.LayerNorm(GLANCES * width)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(GLANCES * width, dim)

    def standardise(self, outputs: Tensor) -> None:
        """Sets the centre and the scale of each channel from (n, inputs) outputs."""
        segments = outputs.view(len(outputs), self.segments, len(self.mean))
        used = segments[_used(segments)]
        self.mean.copy_(used.mean(0))
        self.scale.copy_(used.std(0).clamp_min(1e-6))

    def forward(self, pooled: Tensor) -> Tensor:
        """(batch, inputs) to (batch, dim) unit length."""
        segments = pooled.view(len(pooled), self.segments, len(self.mean))
        used = _used(segments)
        longest = int(used.sum(1).max()) if len(used) else 1
        segments, used = segments[:, :longest], used[:, :longest]
        centred = (segments - self.mean) / self.scale * used[..., None]
        scores = self.second(torch.relu(self.first(centred.transpose(1, 2))))  # (batch, glances, segments)
        attention = scores.masked_fill(~used[:, None], -1e4).softmax(-1)
        glances = self.norm((attention @ centred).flatten(1))
        return functional.normalize(self.out(self.dropout(glances)), dim=1)


def _used(segments: Tensor) -> Tensor:
    """(batch, segments) which of (batch, segments, width) are not behind the end of their recording."""
    used: Tensor = (segments != 0).any(-1)
    return used


class PairFusion(nn.Module):
    """What bends the mean of two vectors of one thing: both side by side, through two layers with ReLU between.

    The second layer begins at zero, so an untrained fusion is the mean.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.first = nn.Linear(2 * dim, dim)
        self.second = nn.Linear(dim, dim)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """Twice (batch, dim), of length 1 where both weigh alike, to (batch, dim) of any length."""
        bent: Tensor = self.second(torch.relu(self.first(torch.cat([left, right], dim=1))))
        return bent


Head = TextHead | PictureHead | ProjectionHead | AttentionHead


class AlignmentNetwork(nn.Module):
    """All heads and pair fusions.

    Args:
        inputs: length of each modality's pooled output.
        segments: of the modalities whose outputs have several side by side; they get an attention head.
        hidden: width between the two layers of each head that has them.
        known: how many contents of training each head keeps that knows where it has learnt.
        dim: length of the shared space's vectors.
        dropout: in training.
        classifier: of the picture encoder, if it has one; the picture head then begins with its classes' names.
    """

    def __init__(
        self,
        inputs: Mapping[Modality, int],
        segments: Mapping[Modality, int],
        hidden: Mapping[Modality, int],
        known: Mapping[Modality, int],
        dim: int = 512,
        dropout: float = 0.0,
        classifier: ClassifierShape | None = None,
    ) -> None:
        super().__init__()
        self.dim = dim

        def head(modality: Modality) -> Head:
            if segments.get(modality, 1) > 1:
                return AttentionHead(inputs[modality], segments[modality], dim, dropout)
            if modality is Modality.IMAGE and classifier is not None:
                return PictureHead(inputs[modality], hidden[modality], dim, classifier, known[modality])
            if modality is Modality.TEXT:
                return TextHead(inputs[modality], hidden[modality], dim, known[modality], dropout)
            return ProjectionHead(inputs[modality], hidden[modality], dim, dropout)

        self.heads = nn.ModuleDict({modality: head(modality) for modality in Modality})
        self.rerank = RerankHead(min(dim, TOKEN_DIM))
        self.token_axes = nn.Buffer(torch.eye(dim, min(dim, TOKEN_DIM)))  # along which tokens are kept
        self.fusions = nn.ModuleDict({f"{left}_{right}": PairFusion(dim) for left, right in PAIRS})

    def head(self, modality: Modality) -> Head:
        """The head of a modality."""
        return cast(Head, self.heads[modality])

    @property
    def known(self) -> dict[Modality, int]:
        """How many contents of training each head keeps that knows where it has learnt."""
        heads = {modality: self.head(modality) for modality in Modality}
        return {
            modality: len(head.learned.known)
            for modality, head in heads.items()
            if isinstance(head, TextHead | PictureHead)
        }

    def project(self, modality: Modality, pooled: Tensor) -> Tensor:
        """(batch, inputs) pooled outputs to (batch, dim) unit length."""
        projected: Tensor = self.head(modality)(pooled)
        return projected

    def fuse(self, vectors: Mapping[Modality, Tensor], weights: Mapping[Modality, Tensor] | None = None) -> Tensor:
        """One vector for two or three modalities of one thing: their weighted mean, bent by the fusions of its pairs.

        Args:
            vectors: (batch, dim) unit length each.
            weights: (batch,) above zero each; all alike unless told.

        Returns:
            (batch, dim) unit length.
        """
        if len(vectors) == 1:
            return next(iter(vectors.values()))
        one = next(iter(vectors.values())).new_ones(len(next(iter(vectors.values()))))
        shares = {modality: one if weights is None else weights[modality] for modality in vectors}
        total = torch.stack(list(shares.values())).sum(0)  # (batch,)
        mean = sum((vectors[own] * (share / total)[:, None] for own, share in shares.items()), torch.zeros(()))
        bends = []
        for left, right in PAIRS:
            if left in vectors and right in vectors:
                both = (shares[left] + shares[right])[:, None]
                sides = [2 * shares[own][:, None] / both * vectors[own] for own in (left, right)]
                bends.append(both / total[:, None] * self.fusions[f"{left}_{right}"](*sides))
        bend = torch.stack(bends).sum(0) / (len(vectors) - 1)  # so many pairs is each modality in
        return functional.normalize(2 * mean + bend, dim=1)
