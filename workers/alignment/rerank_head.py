"""The attention re-rank: tokens of a query attend to tokens of a candidate, and count by how near they come."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from app.types import Modality

PLACES = {modality: place for place, modality in enumerate(Modality)}
WHOLE = len(Modality)  # kinds from here on are those of whole contents; before them those of their tokens
KINDS = 2 * len(Modality)


class Attended(NamedTuple):
    """What each token of a query makes of each candidate."""

    similarities: Tensor  # (batch, candidates, query tokens) cosine between a token and what it attended to
    attention: Tensor  # (batch, candidates, query tokens, candidate tokens), summing to 1 over the last
    importance: Tensor  # (batch, query tokens), summing to 1

    @property
    def nearness(self) -> Tensor:
        """(batch, candidates) -1 to 1: of the query's tokens together, by how much each counts."""
        return (self.similarities * self.importance[:, None]).sum(2)


def kind_of(modality: Modality, *, whole: bool) -> int:
    """What a token is, as a number: a word, a cell, a stretch, or a whole text, picture or recording."""
    return PLACES[modality] + (WHOLE if whole else 0)


class RerankHead(nn.Module):
    """Cross-attention that begins without parameters: softmax(q·Cᵀ / √d)·C, every token counting alike.

    Its maps begin as identities and its biases at zero, so an untrained head is the parameter-free form. The formula
    takes vectors whose components are about 1 in size; ours have length 1 and are scaled to length √d, which makes the
    logits √d times the cosine.

    Args:
        dim: of the tokens' vectors.

    Source:
        Vaswani et al., 2017, "Attention Is All You Need", section 3.2.1 (arXiv 1706.03762).
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query, self.key = nn.Linear(dim, dim, bias=False), nn.Linear(dim, dim, bias=False)
        self.wanted, self.value = nn.Linear(dim, dim, bias=False), nn.Linear(dim, dim, bias=False)
        for each in (self.query, self.key, self.wanted, self.value):
            nn.init.eye_(each.weight)
        self.sharpness = nn.Parameter(torch.tensor(float(dim) ** 0.5))
        self.pull = nn.Parameter(torch.zeros(KINDS, KINDS))  # of each kind of candidate token on each of the query's
        self.telling = nn.Parameter(torch.zeros(KINDS, dim))  # the direction in which a query token counts for more
        self.usual = nn.Parameter(torch.zeros(KINDS))  # how much a kind of query token counts

    def forward(
        self, query: Tensor, query_kinds: Tensor, query_mask: Tensor, candidates: Tensor, kinds: Tensor, mask: Tensor
    ) -> Attended:
        """Attends.

        Args:
            query: (batch, m, dim) unit length.
            query_kinds: (batch, m).
            query_mask: (batch, m) False where padded.
            candidates: (batch, n, c, dim) unit length.
            kinds: (batch, n, c).
            mask: (batch, n, c) False where padded; each candidate has at least one token.
        """
        # Both maps of the candidates are linear: what they make of some thousand tokens is had from the query's few.
        asked = self.query(query) @ self.key.weight
        cosines = torch.einsum("bmd,bncd->bnmc", asked, candidates)
        logits = self.sharpness * cosines + self.pull[query_kinds[:, None, :, None], kinds[:, :, None, :]]
        attention = logits.masked_fill(~mask[:, :, None], -1e4).softmax(-1)
        attended = functional.normalize(self.value(attention @ candidates), dim=-1)  # (batch, n, m, dim)
        similarities = torch.einsum("bmd,bnmd->bnm", functional.normalize(self.wanted(query), dim=-1), attended)
        counts = (query * self.telling[query_kinds]).sum(-1) + self.usual[query_kinds]
        return Attended(similarities, attention, counts.masked_fill(~query_mask, -1e4).softmax(-1))
