"""Re-ranks a search's candidates: each query vector attends to a candidate's own vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Row

from app.types import Modality
from workers.query import EncodedQuery
from workers.rerank.attention import attend
from workers.vectors import read_halfvec


@dataclass(frozen=True, kw_only=True)
class Relevance:
    """What the re-rank says of one candidate."""

    score: float  # -1 to 1
    attention: Mapping[str, Mapping[str, float]]  # query part -> product modality -> weight, summing to 1


def rerank(encoded: EncodedQuery, against: Sequence[Modality], stored: Sequence[Row[Any]]) -> dict[int, Relevance]:
    """The relevance of each product among these stored vectors, all in one pass."""
    rows = [row for row in stored if row.modality in against]
    if not rows:
        return {}
    queries = np.stack([each.vector for each in encoded.vectors])  # (m, d)
    weights = np.array([each.weight for each in encoded.vectors], dtype=np.float32)  # (m,)
    product_ids = list(dict.fromkeys(row.product_id for row in rows))
    modalities: dict[int, list[str]] = {product_id: [] for product_id in product_ids}
    for row in rows:
        modalities[row.product_id].append(row.modality)
    candidates, mask = _padded(rows, product_ids, max(map(len, modalities.values())), queries.shape[1])
    scores, attention = attend(queries, weights, candidates, mask)  # (n,), (n, m, c)
    names = [each.name for each in encoded.vectors]
    return {
        product_id: Relevance(
            score=float(scores[number]),
            attention=_by_modality(names, modalities[product_id], attention[number]),
        )
        for number, product_id in enumerate(product_ids)
    }


def _padded(
    rows: Sequence[Row[Any]], product_ids: Sequence[int], longest: int, dim: int
) -> tuple[np.ndarray, np.ndarray]:
    places = {product_id: number for number, product_id in enumerate(product_ids)}
    candidates = np.zeros((len(product_ids), longest, dim), dtype=np.float32)
    mask = np.zeros((len(product_ids), longest), dtype=bool)
    filled = dict.fromkeys(product_ids, 0)
    for row in rows:
        place, slot = places[row.product_id], filled[row.product_id]
        candidates[place, slot] = read_halfvec(row.vector)
        mask[place, slot] = True
        filled[row.product_id] += 1
    return candidates, mask


def _by_modality(names: Sequence[str], modalities: Sequence[str], attention: np.ndarray) -> dict[str, dict[str, float]]:
    by_part: dict[str, dict[str, float]] = {}
    for name, row in zip(names, attention, strict=True):
        own = by_part.setdefault(name, {})
        for modality, weight in zip(modalities, row, strict=False):  # the row is padded
            own[modality] = round(own.get(modality, 0.0) + float(weight), 4)
    return by_part
