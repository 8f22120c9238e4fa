from collections.abc import Sequence

import numpy as np
import pytest

from workers.evaluation.resampling import Floats, chance_of_none, mean_intervals


def _intervals(values: Floats, groups: Sequence[int]) -> Floats:
    found = mean_intervals(values, groups)
    assert found is not None
    return found


def test_the_interval_of_a_share_is_that_of_the_binomial() -> None:
    values = np.repeat([[1.0], [0.0]], 200, axis=0)  # half of 400: standard error .025
    ((low, high),) = _intervals(values, range(400))
    assert low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.006)
    assert high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.006)


def test_the_interval_holds_the_mean_in_nineteen_of_twenty_cases() -> None:
    random = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        ((low, high),) = _intervals(random.normal(size=(60, 1)), range(60))
        held += low <= 0 <= high
    assert 180 <= held <= 199


def test_queries_for_the_same_products_do_not_narrow_the_interval() -> None:
    values = np.random.default_rng(2).normal(size=(50, 1))
    ((low, high),) = _intervals(values, range(50))
    ((same_low, same_high),) = _intervals(np.repeat(values, 8, axis=0), np.repeat(np.arange(50), 8).tolist())
    assert (same_low, same_high) == pytest.approx((low, high))


def test_each_metric_has_its_own_interval() -> None:
    intervals = mean_intervals(np.array([[0.0, 5.0], [1.0, 5.0], [0.0, 5.0]]), range(3))
    assert intervals is not None
    assert intervals.shape == (2, 2)
    assert intervals[0, 0] < intervals[0, 1]
    assert intervals[1].tolist() == [5.0, 5.0]


def test_of_one_group_nothing_can_be_said() -> None:
    assert mean_intervals(np.ones((4, 2)), ["same"] * 4) is None


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ([1.0] * 5, 2 / 2**5),  # only all heads or all tails are as far from zero
        ([0.0] * 5, 1.0),
        ([1.0, -1.0], 1.0),
        ([3.0, 1.0], 2 / 2**2),
    ],
)
def test_the_chance_is_the_share_of_coin_throws_that_come_as_far(differences: list[float], expected: float) -> None:
    assert chance_of_none(np.array(differences)[:, None], range(len(differences))) == pytest.approx(expected, abs=0.02)


def test_queries_for_the_same_products_are_one_throw() -> None:
    assert chance_of_none(np.ones((8, 1)), ["a", "a", "a", "a", "b", "b", "b", "b"]) == pytest.approx(0.5, abs=0.02)


def test_the_chance_under_no_difference_is_even() -> None:
    random = np.random.default_rng(3)
    chances = [chance_of_none(random.normal(size=(30, 1)), range(30))[0] for _ in range(100)]
    assert np.mean(np.array(chances) < 0.5) == pytest.approx(0.5, abs=0.15)
