"""Which products are kept apart to judge by, so that nothing of them is among those that are learnt from."""

import hashlib
from collections.abc import Collection, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

DEV_SHARE = 0.15  # of the products, by families


def kept_apart(names: Sequence[str], traits: Sequence[Collection[str]]) -> list[bool]:
    """Whether each product is kept apart; the same in every run for the same products.

    Args:
        names: of the products, each another.
        traits: of each product, such as its title and its pictures; products that share one are one family, and no
            family is on both sides.
    """
    families = _families(traits)
    first: dict[int, str] = {}
    for name, family in zip(names, families, strict=True):
        first[family] = min(first.get(family, name), name)
    # The families with the smallest digests: the same share in a catalogue of any size.
    order = sorted(first, key=lambda family: hashlib.sha256(first[family].encode()).digest())
    kept = set(order[: max(1, round(DEV_SHARE * len(order)))])
    return [family in kept for family in families]


def _families(traits: Sequence[Collection[str]]) -> list[int]:
    """The number of each product's family."""
    places: dict[str, int] = {}
    owners, owned = list[int](), list[int]()
    for number, own in enumerate(traits):
        for trait in own:
            owners.append(number)
            owned.append(len(traits) + places.setdefault(trait, len(places)))
    size = len(traits) + len(places)
    graph = coo_array((np.ones(len(owners), dtype=np.int8), (owners, owned)), shape=(size, size))
    return [int(label) for label in connected_components(graph, directed=False)[1][: len(traits)]]
