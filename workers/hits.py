"""The hits of a search, in their order."""

from collections.abc import Sequence

from app.db.ranking import RankedProduct
from app.search.frozen import Hit
from app.types import SearchQuery
from workers.alignment.card import AlignmentCard
from workers.calibrated import relevances
from workers.query import EncodedQuery
from workers.rerank.relevance import Reranked

EXPLAINED = 50  # hits of which it is told what the query looked at


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
    likely = relevances(products, encoded, query, card)
    score = {
        each.product_id: each.cosine + card.words_weight * each.words + looked_at.get(each.product_id, 0.0)
        for each in products
    }
    kept = [each for each in products if (own := likely[each.product_id]) is None or own >= query.min_relevance]
    ranked = sorted(
        kept, key=lambda each: (-each.exact, each.product_id not in looked_at, -score[each.product_id], each.product_id)
    )
    looks = reranked if query.explain else None
    return [
        Hit(
            product=each,
            rank=rank,
            score=score[each.product_id],
            relevance=likely[each.product_id],
            attention=looks.attention(each.product_id) if looks and rank <= EXPLAINED else (),
        )
        for rank, each in enumerate(ranked, start=1)
    ]
