"""Which contents stand for the same thing: none of them is another's negative."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor


def numbered(things: Iterable[Collection[str]]) -> dict[str, int]:
    """A number for each thing, the same each time."""
    unique = dict.fromkeys(thing for own in things for thing in sorted(own))
    return {thing: number for number, thing in enumerate(unique)}


def incidence(things: Sequence[Collection[str]], numbers: Mapping[str, int]) -> csr_array:
    """Which things each content stands for, (contents, things) bool.

    Args:
        things: of each content.
        numbers: of all things.
    """
    columns = np.array([numbers[thing] for own in things for thing in own], dtype=np.int64)
    starts = np.cumsum([0, *map(len, things)])
    return csr_array((np.ones(len(columns), dtype=bool), columns, starts), shape=(len(things), len(numbers)))


def share(one: csr_array, other: csr_array) -> Tensor:
    """(n, m) bool: whether a content of (n, things) and one of (m, things) have a thing in common."""
    return torch.from_numpy((one @ other.T).toarray())
