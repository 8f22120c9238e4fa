"""How likely a hit is relevant, by its score: learnt on dev, so that a search can leave out what is not."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from app.types import Modality


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A logistic curve over the scores that queries of one modality give.

    Source:
        Platt, 1999, "Probabilistic outputs for support vector machines".
    """

    slope: float  # above zero
    offset: float
    error: float  # by how much it is off on average, on queries that it was not learnt from

    def logit(self, score: float) -> float:
        """The log of the odds that a hit of this score is relevant."""
        return self.slope * score + self.offset


Calibrations = Mapping[Modality, Calibration]


def relevance(calibrations: Calibrations, score: float, weights: Mapping[Modality, float]) -> float | None:
    """How likely a hit is relevant, 0 to 1; None where dev had no queries of a modality.

    Args:
        calibrations: by the modality of queries.
        score: what the query's parts brought, the words included, their weights summing to 1.
        weights: of the query's parts by modality, not below zero.
    """
    used = {modality: weight for modality, weight in weights.items() if weight > 0}
    if not used or any(modality not in calibrations for modality in used):
        return None
    total = sum(used.values())
    logit = sum(weight / total * calibrations[modality].logit(score) for modality, weight in used.items())
    return 1 / (1 + math.exp(-max(-500.0, min(500.0, logit))))
