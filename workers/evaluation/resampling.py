"""How far a mean over queries can be trusted, and a difference of two: by resampling.

Queries for the same products stand or fall together (eight recordings of one word, five descriptions of one shirt), so
whole groups of them are drawn, never single queries: else intervals would be too narrow.

Source: Field and Welsh, 2007, "Bootstrapping clustered data"; for the paired test Smucker, Allan and Carterette, 2007,
"A comparison of statistical significance tests for information retrieval evaluation".
"""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 1000
FLIPS = 10_000
LEVEL = 0.95
SEED = 0


def mean_intervals(values: Floats, groups: Sequence[Hashable]) -> Floats | None:
    """The 95 % bootstrap intervals of means, by percentiles.

    Args:
        values: (n, m) of n queries by m metrics.
        groups: (n,) which queries stand or fall together.

    Returns:
        (m, 2) lower and upper bounds; None if all is one group, of which nothing can be said.
    """
    sums, counts = _by_group(values, groups)
    if len(sums) < 2:
        return None
    drawn = np.random.default_rng(SEED).multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=DRAWS)
    means = (drawn @ sums) / (drawn @ counts)[:, None]  # (draws, m)
    return np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0).T


def chance_of_none(differences: Floats, groups: Sequence[Hashable]) -> Floats:
    """How likely mean differences at least as far from zero are if there is none: a paired randomisation test.

    Each group's differences are turned around or not by a coin.

    Args:
        differences: (n, m) of the same queries' values under two systems.
        groups: (n,) which queries stand or fall together.

    Returns:
        (m,) two-sided p, in (0, 1].
    """
    sums, _ = _by_group(differences, groups)
    signs = np.random.default_rng(SEED).choice(np.array([-1.0, 1.0]), size=(FLIPS, len(sums)))
    rounding = 1e-9
    further = np.abs(signs @ sums) >= np.abs(sums.sum(axis=0)) - rounding
    return np.asarray((1 + further.sum(axis=0)) / (1 + FLIPS), dtype=np.float64)


def _by_group(values: Floats, groups: Sequence[Hashable]) -> tuple[Floats, Floats]:
    """Each group's sums, (g, m), and how many queries it has, (g,)."""
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    own = np.array([numbers[group] for group in groups], dtype=np.int64)
    sums = np.zeros((len(numbers), values.shape[1]))
    np.add.at(sums, own, values)
    return sums, np.bincount(own, minlength=len(numbers)).astype(np.float64)
