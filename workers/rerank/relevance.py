"""Re-ranks a search's candidates: the query's tokens attend to the candidates' own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from app.types import Attention, CellWeights, Modality, Seen
from workers.alignment.artifact import Alignment
from workers.alignment.rerank_head import Attended, kind_of
from workers.alignment.tokens import Tokens
from workers.query import QueryVector
from workers.rerank.sides import Side, look
from workers.stored import StoredContent

MOST_SEEN = 3  # of a candidate's tokens that a token of the query is said to see


@dataclass(frozen=True)
class TokenRow:
    """Where one token comes from."""

    source: str  # a query part's name; empty on the candidates' side
    modality: Modality
    ordinal: int
    label: str | None  # None of a whole content
    digest: str = ""  # of a product's content


@dataclass(frozen=True)
class Part:
    """A part of the query."""

    rows: Sequence[TokenRow]
    side: Side


@dataclass(frozen=True)
class Candidate:
    """A product, before what it has is told."""

    contents: Sequence[StoredContent]

    @property
    def rows(self) -> list[TokenRow]:
        """What its tokens are called."""
        return [
            TokenRow("", content.modality, content.ordinal, label, content.digest)
            for content in self.contents
            for label in (None, *content.tokens.labels)
        ]


@dataclass(frozen=True)
class Reranked:
    """What the re-rank says of candidates."""

    weights: Tensor  # (parts,) of the query's parts, signed
    trust: Tensor  # (parts,) how much the re-rank counts beside a part's cosine
    parts: Sequence[Part]
    candidates: Mapping[int, Candidate]  # by product
    found: Attended

    @cached_property
    def scores(self) -> dict[int, float]:
        """Of each candidate, what comes to its cosine."""
        return dict(zip(self.candidates, ((self.weights * self.trust) @ self.found.nearness).tolist(), strict=True))

    def attention(self, product_id: int) -> tuple[Attention, ...]:
        """What each token of the query attended to in a candidate; nothing in a product that was none."""
        if product_id not in self.candidates:
            return ()
        place, rows = list(self.candidates).index(product_id), self.candidates[product_id].rows
        return tuple(
            _attention(
                row,
                weight=float(self.weights[part] * self.found.importance[part, token]),
                similarity=float(self.found.similarities[part, place, token]),
                seen=self.found.attention[part, place, token, : len(rows)].tolist(),
                candidate=rows,
            )
            for part, own in enumerate(self.parts)
            for token, row in enumerate(own.rows)
        )


def rerank(
    asked: Sequence[QueryVector], against: Sequence[Modality], stored: Sequence[StoredContent], alignment: Alignment
) -> Reranked | None:
    """Looks at each product that has something of these modalities, all in one pass; None where none has.

    Args:
        asked: the query's vectors with their tokens.
        against: the products' modalities that count.
        stored: what the candidates have, a product's contents side by side.
        alignment: whose head looks.
    """
    contents = [content for content in stored if content.modality in against]
    if not contents:
        return None
    products = {own: Candidate(list(each)) for own, each in groupby(contents, lambda one: one.product_id)}
    parts = [_part(vector, alignment) for vector in asked]
    with torch.inference_mode():
        found = look(alignment.network.rerank, [each.side for each in parts], _padded(products.values(), alignment))
    weights = torch.tensor([vector.weight for vector in asked])
    trust = torch.tensor([alignment.card.rerank_weights.get(vector.given_as, 0.0) for vector in asked])
    return Reranked(weights, trust, parts, products, found)


def _part(vector: QueryVector, alignment: Alignment) -> Part:
    tokens = vector.tokens or Tokens.none(alignment.token_dim)
    modality = Modality(vector.modality)
    rows = [TokenRow(vector.name, modality, 0, label) for label in (None, *tokens.labels)]
    return Part(rows, Side.of(modality, alignment.token_of(vector.vectors[:1])[0], tokens.vectors))


def _padded(products: Collection[Candidate], alignment: Alignment) -> tuple[Tensor, Tensor, Tensor]:
    """The products' tokens as `sides.padded` gives them, of one array: a hundred products have some thousand."""
    contents = [content for each in products for content in each.contents]
    wholes = alignment.token_of(np.stack([content.vector for content in contents]))
    both = [each for whole, own in zip(wholes, contents, strict=True) for each in (whole[None], own.tokens.vectors)]
    counts = np.array([1 + len(content.tokens.labels) for content in contents])
    kinds = np.repeat([kind_of(content.modality, whole=False) for content in contents], counts)
    kinds[np.cumsum(counts) - counts] = [kind_of(content.modality, whole=True) for content in contents]
    lengths = np.array([sum(1 + len(content.tokens.labels) for content in each.contents) for each in products])
    mask = np.arange(lengths.max()) < lengths[:, None]
    padded_vectors = np.zeros((*mask.shape, wholes.shape[1]), dtype=np.float32)
    padded_kinds = np.zeros(mask.shape, dtype=kinds.dtype)
    padded_vectors[mask], padded_kinds[mask] = np.concatenate(both), kinds
    return torch.from_numpy(padded_vectors), torch.from_numpy(padded_kinds), torch.from_numpy(mask)


def _attention(
    row: TokenRow, *, weight: float, similarity: float, seen: Sequence[float], candidate: Sequence[TokenRow]
) -> Attention:
    most = sorted(range(len(seen)), key=lambda place: -seen[place])[:MOST_SEEN]
    return Attention(
        query=row.source,
        modality=row.modality,
        label=row.label,
        weight=weight,
        similarity=similarity,
        sees=tuple(
            Seen(
                against=candidate[place].modality,
                ordinal=candidate[place].ordinal,
                label=candidate[place].label,
                weight=seen[place],
            )
            for place in most
        ),
        pictures=_pictures(seen, candidate),
    )


def _pictures(seen: Sequence[float], candidate: Sequence[TokenRow]) -> tuple[CellWeights, ...]:
    cells: dict[tuple[int, str], list[float]] = {}
    for weight, row in zip(seen, candidate, strict=True):
        if row.modality is Modality.IMAGE and row.label is not None:
            cells.setdefault((row.ordinal, row.digest), []).append(weight)
    return tuple(
        CellWeights(ordinal=ordinal, digest=digest, weights=tuple(own)) for (ordinal, digest), own in cells.items()
    )
