"""Re-ranks a search's candidates: each query vector attends to a candidate's own vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Row

from app.types import Modality
from workers.query import EncodedQuery
from workers.rerank.attention import Floats, attend
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
    queries = np.concatenate([each.vectors for each in encoded.vectors])  # (all readings, d)
    weights = np.array([each.weight for each in encoded.vectors], dtype=np.float32)  # (m,)
    product_ids = list(dict.fromkeys(row.product_id for row in rows))
    modalities: dict[int, list[str]] = {product_id: [] for product_id in product_ids}
    for row in rows:
        modalities[row.product_id].append(row.modality)
    candidates, mask = _padded(rows, product_ids, max(map(len, modalities.values())), queries.shape[1])
    cosines, attention = _nearest(encoded, *attend(queries, candidates, mask))  # (n, m), (n, m, c)
    scores = cosines @ weights
    names = [each.name for each in encoded.vectors]
    return {
        product_id: Relevance(
            score=float(scores[number]),
            attention=_by_modality(names, modalities[product_id], attention[number]),
        )
        for number, product_id in enumerate(product_ids)
    }


def _nearest(encoded: EncodedQuery, cosines: Floats, attention: Floats) -> tuple[Floats, Floats]:
    """Of each part's readings, for each candidate, the one whose cosine is highest: (n, m) and (n, m, c)."""
    ends = np.cumsum([len(each.vectors) for each in encoded.vectors])
    best = [
        end - len(own.vectors) + cosines[:, end - len(own.vectors) : end].argmax(1)
        for own, end in zip(encoded.vectors, ends, strict=True)
    ]
    chosen = np.stack(best, axis=1)  # (n, m)
    kept = np.take_along_axis(attention, chosen[..., None], axis=1)
    return np.take_along_axis(cosines, chosen, axis=1), kept


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
