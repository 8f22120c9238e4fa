"""The hits of a search: in their order, with what brought them, and as they are frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from app.types import Contribution, Hit, Modality, SearchQuery
from workers.alignment.card import AlignmentCard
from workers.calibrated import relevance_of
from workers.query import EncodedQuery
from workers.rerank.relevance import Reranked

EXPLAINED = 50  # hits of which it is told what the query looked at
EXACT = {0: None, 1: "brand", 2: "sku"}  # what the ranking statement says of it


def hits_of(
    encoded: EncodedQuery,
    query: SearchQuery,
    rows: Sequence[Row[Any]],
    reranked: Reranked | None,
    card: AlignmentCard,
) -> list[Hit]:
    """The rows of the ranking statement that are relevant enough, in their final order.

    Where it was not learnt how relevant they are, all are.
    """
    looked_at = {} if reranked is None else reranked.scores  # the others come behind

    def score(row: Row[Any]) -> float:
        return float(row.cosine + card.words_weight * row.words + looked_at.get(row.product_id, 0.0))

    likely = {row.product_id: relevance_of(row, encoded, query, card) for row in rows}
    kept = [row for row in rows if (own := likely[row.product_id]) is None or own >= query.min_relevance]
    ranked = sorted(kept, key=lambda row: (-row.exact, row.product_id not in looked_at, -score(row), row.product_id))
    return [
        Hit(
            product_id=row.product_id,
            rank=rank,
            score=score(row),
            cosine=row.cosine,
            words=row.words,
            relevance=likely[row.product_id],
            exact=EXACT[row.exact],
            contributions=_contributions(encoded, row),
            attention=reranked.attention(row.product_id) if reranked and query.explain and rank <= EXPLAINED else (),
        )
        for rank, row in enumerate(ranked, start=1)
    ]


def _contributions(encoded: EncodedQuery, row: Row[Any]) -> tuple[Contribution, ...]:
    return tuple(
        Contribution(
            query=encoded.vectors[part].name,
            modality=encoded.vectors[part].modality,
            against=Modality(against),
            similarity=similarity,
            weight=weight,
            contribution=similarity * weight,
        )
        for part, against, similarity, weight in sorted(
            zip(row.part, row.against, row.similarity, row.weight, strict=True)
        )
    )


def hit_document(hit: Hit, sku: str, *, explain: bool) -> dict[str, Any]:
    """A hit as a search's job keeps it."""
    return {
        "rank": hit.rank,
        "sku": sku,
        "product_id": hit.product_id,
        "score": round(hit.score, 6),
        "cosine": round(hit.cosine, 6),
        "words": round(hit.words, 6),
        "relevance": None if hit.relevance is None else round(hit.relevance, 4),
        "exact": hit.exact,
        "contributions": [_rounded(asdict(each)) for each in hit.contributions],
        "attention": [_rounded(asdict(each)) for each in hit.attention] if explain else None,
    }


def _rounded(value: Any) -> Any:  # noqa: ANN401  whatever JSON holds
    """The same with numbers of six digits behind the point."""
    if isinstance(value, Mapping):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [_rounded(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value
