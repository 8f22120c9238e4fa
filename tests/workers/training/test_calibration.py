"""How likely a hit is relevant, learnt from hits that are known to be so or not."""

import numpy as np
import pytest

from app.types import Modality
from workers.alignment.relevance import Calibration, relevance
from workers.training.calibration import Hits, curve_of, nonsense

CURVE = Calibration(slope=10.0, offset=-5.0, error=0.0)


def _drawn(slope: float, offset: float, count: int, seed: int) -> Hits:
    chance = np.random.default_rng(seed)
    scores = chance.uniform(0, 1, count).astype(np.float32)
    relevant = chance.uniform(size=count) < 1 / (1 + np.exp(-(slope * scores + offset)))
    return Hits(scores, relevant, np.arange(count) // 10)


def test_the_curve_that_hits_were_drawn_from_is_found() -> None:
    found = curve_of([_drawn(10, -5, 20_000, 0)])
    assert found is not None
    assert found.slope == pytest.approx(10, rel=0.1)
    assert found.offset == pytest.approx(-5, rel=0.1)
    assert found.error < 0.03


def test_each_set_counts_alike() -> None:
    few, many = _drawn(10, -3, 500, 1), _drawn(10, -7, 20_000, 2)
    found = curve_of([few, many])
    assert found is not None
    assert -found.offset / found.slope == pytest.approx(0.5, abs=0.05)  # half way between .3 and .7


def test_a_curve_that_does_not_hold_elsewhere_has_a_large_error() -> None:
    hits = _drawn(10, -5, 4_000, 3)
    other_half = (hits.groups % 2 == 0) ^ hits.relevant
    found = curve_of([Hits(hits.scores, other_half, hits.groups)])
    assert found is None or found.error > 0.2


@pytest.mark.parametrize("relevant", [True, False])
def test_hits_that_are_all_alike_teach_nothing(relevant: bool) -> None:
    scores = np.linspace(0, 1, 100, dtype=np.float32)
    assert curve_of([Hits(scores, np.full(100, relevant), np.arange(100))]) is None


def test_where_higher_scores_are_less_relevant_nothing_is_learnt() -> None:
    assert curve_of([_drawn(-10, 5, 4_000, 4)]) is None


def test_relevance_is_the_curve_at_the_score() -> None:
    curves = {Modality.TEXT: CURVE}
    assert relevance(curves, 0.5, {Modality.TEXT: 1.0}) == pytest.approx(0.5)
    assert relevance(curves, 1.0, {Modality.TEXT: 0.3}) == pytest.approx(1 / (1 + np.exp(-5)))
    assert relevance(curves, -1e9, {Modality.TEXT: 1.0}) == pytest.approx(0)


def test_a_mixture_lies_between_its_modalities() -> None:
    curves = {Modality.TEXT: CURVE, Modality.IMAGE: Calibration(slope=10.0, offset=-9.0, error=0.0)}
    mixed = relevance(curves, 0.7, {Modality.TEXT: 1.0, Modality.IMAGE: 1.0})
    assert mixed == pytest.approx(0.5)


@pytest.mark.parametrize("weights", [{}, {Modality.IMAGE: 1.0}, {Modality.TEXT: 0.0}])
def test_what_was_not_learnt_has_no_relevance(weights: dict[Modality, float]) -> None:
    assert relevance({Modality.TEXT: CURVE}, 0.5, weights) is None


def test_nonsense_is_the_same_for_one_seed_and_has_words() -> None:
    assert nonsense(5, 1) == nonsense(5, 1) != nonsense(5, 2)
    assert all(text.replace(" ", "").isalpha() for text in nonsense(20, 3))
