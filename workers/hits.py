"""The hits of a search: in their order, with what brought them, and as they are frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from app.db.ranking import RankedProduct
from app.types import Contribution, Hit, SearchQuery
from workers.alignment.card import AlignmentCard
from workers.calibrated import relevance_of
from workers.query import EncodedQuery
from workers.rerank.relevance import Reranked

EXPLAINED = 50  # hits of which it is told what the query looked at
EXACT = {0: None, 1: "brand", 2: "sku"}  # what the ranking statement says of it


def hits_of(
    encoded: EncodedQuery,
    query: SearchQuery,
    products: Sequence[RankedProduct],
    reranked: Reranked | None,
    card: AlignmentCard,
) -> list[Hit]:
    """The candidates that are relevant enough, in their final order.

    Where it was not learnt how relevant they are, all are.
    """
    looked_at = {} if reranked is None else reranked.scores  # the others come behind

    def score(product: RankedProduct) -> float:
        return float(product.cosine + card.words_weight * product.words + looked_at.get(product.product_id, 0.0))

    likely = {each.product_id: relevance_of(each, encoded, query, card) for each in products}
    kept = [each for each in products if (own := likely[each.product_id]) is None or own >= query.min_relevance]
    ranked = sorted(
        kept, key=lambda each: (-each.exact, each.product_id not in looked_at, -score(each), each.product_id)
    )
    return [
        Hit(
            product_id=each.product_id,
            rank=rank,
            score=score(each),
            cosine=each.cosine,
            words=each.words,
            relevance=likely[each.product_id],
            exact=EXACT[each.exact],
            contributions=_contributions(encoded, each),
            attention=reranked.attention(each.product_id) if reranked and query.explain and rank <= EXPLAINED else (),
        )
        for rank, each in enumerate(ranked, start=1)
    ]


def _contributions(encoded: EncodedQuery, product: RankedProduct) -> tuple[Contribution, ...]:
    return tuple(
        Contribution(
            query=encoded.vectors[each.part].name,
            modality=encoded.vectors[each.part].modality,
            against=each.against,
            similarity=each.similarity,
            weight=each.weight,
            contribution=each.similarity * each.weight,
        )
        for each in product.compared
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
        "contributions": [_flat(each) for each in hit.contributions],
        "attention": [_rounded(asdict(each)) for each in hit.attention] if explain else None,
    }


def _flat(contribution: Contribution) -> dict[str, Any]:
    """A contribution with numbers of six digits. An answer has hundreds, and `asdict` would copy each value."""
    return {name: round(own, 6) if isinstance(own, float) else own for name, own in vars(contribution).items()}


def _rounded(value: Any) -> Any:  # noqa: ANN401  whatever JSON holds
    """The same with numbers of six digits behind the point."""
    if isinstance(value, Mapping):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [_rounded(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value
