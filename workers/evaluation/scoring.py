"""Scores products for queries in memory, by the same rules as the ranking statement."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from app.types import Modality
from workers.evaluation.word_index import WordIndex

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class ModalityVectors:
    """The vectors that an index has through one modality, those of one product side by side."""

    vectors: Floats  # (v, dim) unit length
    owners: NDArray[np.int64]  # (v,) the product that each belongs to, ascending
    keys: Sequence[str]  # (v,) what each was made from


@dataclass(frozen=True, kw_only=True)
class Index:
    """The products that queries are ranked over."""

    products: Sequence[str]  # ids
    modalities: Mapping[Modality, ModalityVectors]
    words: WordIndex = field(default_factory=WordIndex)

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each product stands."""
        return {product: place for place, product in enumerate(self.products)}


def similarities(queries: Floats, keys: Sequence[str], index: Index, modality: Modality) -> Floats:
    """How similar each product is to each query through one modality: that of its nearest vector.

    A query is never compared with a vector made from the very same content.

    Args:
        queries: (q, dim) unit length.
        keys: (q,) what each query was made from.
        index: the products.
        modality: of the products.

    Returns:
        (q, products) cosines, minus infinity where a product has no such vector.
    """
    return similarities_without(queries, [(key,) for key in keys], index, modality)


def similarities_without(
    queries: Floats, made_from: Sequence[Collection[str]], index: Index, modality: Modality
) -> Floats:
    """As `similarities`, of queries that are made from several contents, (q,)."""
    stored = index.modalities[modality]
    found = np.full((len(queries), len(index.products)), -np.inf, dtype=np.float32)
    if len(stored.vectors):
        cosines = queries @ stored.vectors.T  # (q, v)
        places: dict[str, list[int]] = {}
        for place, key in enumerate(stored.keys):
            places.setdefault(key, []).append(place)
        for row, keys in enumerate(made_from):
            cosines[row, [place for key in keys for place in places.get(key, ())]] = -np.inf
        owners, starts = np.unique(stored.owners, return_index=True)
        found[:, owners] = np.maximum.reduceat(cosines, starts, axis=1)
    return found


def nearest_reading(similar: Floats, counts: Sequence[int]) -> Floats:
    """Of several readings of one query, the one nearest to a product counts for it.

    Args:
        similar: (readings, products), those of one query side by side.
        counts: (q,) how many readings each query has.

    Returns:
        (q, products), minus infinity for queries without any.
    """
    found = np.full((len(counts), similar.shape[1]), -np.inf, dtype=np.float32)
    read = np.flatnonzero(counts)
    if len(read):
        starts = np.cumsum([0, *counts])[read]
        found[read] = np.maximum.reduceat(similar, starts, axis=0)
    return found


def together(by_modality: Mapping[Modality, Floats], shares: Mapping[Modality, float | Floats]) -> Floats:
    """The similarities through several modalities as one, each product's weights shared among those that it has.

    Args:
        by_modality: (q, products) each, minus infinity where a product has no such vector.
        shares: product modality -> share, above zero; one for all queries, or (q, 1).

    Returns:
        (q, products), minus infinity where a product has none.
    """
    shape = next(iter(by_modality.values())).shape
    total, weights = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
    for modality, values in by_modality.items():
        present = np.isfinite(values)
        total += np.where(present, values, 0) * shares[modality]
        weights += present * shares[modality]
    return np.divide(total, weights, out=np.full(shape, -np.inf, dtype=np.float32), where=weights > 0)
