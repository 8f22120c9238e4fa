"""Frozen hits: what a search found, as its job's row keeps it, each a few values in a row: answers have hundreds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.db.ranking import RankedProduct
from app.types import Attention

EXACT = {0: None, 1: "brand", 2: "sku"}  # what the ranking statement says of it
# In this order a hit's values lie; the statements of app.db.removals know the first one's place.
VALUES = ("product_id", "rank", "sku", "score", "cosine", "words", "relevance", "exact", "attention", "contributions")


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One product of a search's answer."""

    product: RankedProduct
    rank: int  # from 1
    score: float  # after the re-rank, words added
    relevance: float | None  # how likely it is relevant, 0 to 1; None where that was not learnt
    attention: tuple[Attention, ...] = ()  # of hits that were re-ranked


def freeze(
    hits: Sequence[Hit], parts: Sequence[tuple[str, str]], skus: Mapping[int, str], *, explain: bool
) -> dict[str, Any]:
    """Hits as a job keeps them, and `compared`: what stands in many of their contributions.

    Args:
        hits: best first.
        parts: name and modality of what the products were compared with.
        skus: of the products.
        explain: whether attention is kept, too.
    """
    compared: dict[tuple[Any, ...], int] = {}  # each once, in its place
    frozen = []
    for hit in hits:
        own: list[float] = []  # places in `compared` and similarities by turns
        for each in hit.product.compared:
            shared = (*parts[each.part], each.against, each.weight)
            own += compared.setdefault(shared, len(compared)), round(each.similarity, 6)
        frozen.append(
            [
                hit.product.product_id,
                hit.rank,
                skus[hit.product.product_id],
                round(hit.score, 6),
                round(hit.product.cosine, 6),
                round(hit.product.words, 6),
                None if hit.relevance is None else round(hit.relevance, 4),
                EXACT[hit.product.exact],
                [_rounded(asdict(each)) for each in hit.attention] if explain else None,
                own,
            ]
        )
    return {"compared": [list(each) for each in compared], "hits": frozen}


def thaw(result: Mapping[str, Any], start: int = 0, end: int | None = None) -> list[dict[str, Any]]:
    """Some of a search's hits as `freeze` was given them, from one place in the list to another.

    Contributions come as clients read them: how much of the cosine one part brought through one modality.
    """
    compared = result.get("compared", ())
    return [_thawed(hit, compared) for hit in result["hits"][start:end]]


def _thawed(hit: Any, compared: Sequence[Sequence[Any]]) -> dict[str, Any]:  # noqa: ANN401  as JSON held it
    if isinstance(hit, dict):  # of an answer that was frozen before hits were rows
        return hit
    named = dict(zip(VALUES, hit, strict=True))
    own = named["contributions"]
    named["contributions"] = [
        _contribution(compared[place], similarity) for place, similarity in zip(own[::2], own[1::2], strict=True)
    ]
    return named


def _contribution(shared: Sequence[Any], similarity: float) -> dict[str, Any]:
    query, modality, against, weight = shared
    return {
        "query": query,
        "modality": modality,
        "against": against,
        "similarity": similarity,
        "weight": round(weight, 6),
        "contribution": round(similarity * weight, 6),
    }


def _rounded(value: Any) -> Any:  # noqa: ANN401  whatever JSON holds
    """The same with numbers of six digits behind the point."""
    if isinstance(value, Mapping):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [_rounded(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value
