"""Mixtures: queries of several modalities, and the ways in which one can be ranked."""

from enum import StrEnum
from itertools import combinations

from app.types import Modality

Mixture = frozenset[Modality]  # two modalities or all three

MIXTURES: tuple[Mixture, ...] = tuple(frozenset(own) for size in (2, 3) for own in combinations(Modality, size))


class Mixing(StrEnum):
    """How products are ranked for a mixture; the simplest first."""

    SUM = "sum"  # by the weighted sum of the cosines with each part
    SHARED = "shared"  # by that sum, each product modality counting for every part what it counts for them all
    MEAN = "mean"  # by the cosine with the weighted mean of the parts' vectors
    FUSION = "fusion"  # by the cosine with the vector that the trained fusion makes of the parts


def name_of(mixture: Mixture) -> str:
    """Its modalities in their usual order: `text+image`."""
    return "+".join(modality for modality in Modality if modality in mixture)


def read_mixture(name: str) -> Mixture:
    """The mixture of a name.

    Raises:
        ValueError: it is none.
    """
    mixture = frozenset(map(Modality, name.split("+")))
    if mixture not in MIXTURES:
        raise ValueError(f"{name!r} is no mixture of modalities")
    return mixture
