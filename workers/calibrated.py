"""How likely each hit of a search is relevant, by what its query's parts brought."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from app.db.ranking import RankedProduct
from app.types import Modality, SearchQuery
from workers.alignment.card import AlignmentCard
from workers.alignment.relevance import relevance
from workers.query import EncodedQuery


def relevances(
    products: Sequence[RankedProduct], encoded: EncodedQuery, query: SearchQuery, card: AlignmentCard
) -> dict[int, float | None]:
    """The relevance of each candidate by its id; None where the alignment has not learnt it.

    What is asked for counts, not what is asked to be unlike: nobody judged such queries. What was asked for by its
    whole name is relevant.
    """
    weights = _weights(encoded, query)
    return {each.product_id: _relevance(each, weights, card) for each in products}


def _relevance(product: RankedProduct, weights: Mapping[Modality, float], card: AlignmentCard) -> float | None:
    if product.exact:
        return 1.0
    wanted = [(each.similarity * each.weight, each.weight) for each in product.compared if each.weight > 0]
    if not wanted or not weights:
        return None
    cosine = sum(brought for brought, _ in wanted) / sum(weight for _, weight in wanted)
    return relevance(card.relevance, cosine + card.words_weight * max(0.0, product.words), weights)


def _weights(encoded: EncodedQuery, query: SearchQuery) -> dict[Modality, float]:
    """What the query's parts weigh by the modality that they were given in; a product's by those of its vectors."""
    weights: dict[Modality, float] = defaultdict(float)
    for part in query.parts:
        own = [vector for vector in encoded.vectors if vector.name == part.name]
        if part.modality is not None and part.sku is None:
            weights[part.modality] += max(0.0, part.weight)
        else:
            for vector in own:
                weights[Modality(vector.modality)] += max(0.0, part.weight) / len(own)
    return {modality: weight for modality, weight in weights.items() if weight}
