from collections.abc import Mapping, Sequence

import pytest

from app.types import Modality
from workers.alignment.mixing import Mixing
from workers.evaluation.mixed import MixedQuery
from workers.evaluation.mixed_scores import MixedJudgement
from workers.training.mixing import _simplest

MIXTURE = frozenset({Modality.TEXT, Modality.IMAGE})
SUM, SHARED, MEAN, FUSION = Mixing


def _found(things: int, firsts: Mapping[Mixing, Sequence[int]]) -> list[MixedJudgement]:
    """One query for each of so many things; in each way they come at these ranks in turn."""
    return [
        MixedJudgement(
            mixture=MIXTURE,
            query=MixedQuery(parts={}, relevant=frozenset({str(number)}), index="all"),
            index=100,
            ranks={way: (own[number % len(own)],) for way in Mixing for own in [firsts.get(way, [90])]},
        )
        for number in range(things)
    ]


def test_what_dev_clearly_likes_best_is_taken() -> None:
    assert _simplest([_found(100, {SUM: [2], MEAN: [2], FUSION: [1]})]) is FUSION
    assert _simplest([_found(100, {SUM: [2], MEAN: [1], FUSION: [3]})]) is MEAN
    assert _simplest([_found(100, {SUM: [2], SHARED: [1], MEAN: [1], FUSION: [1]})]) is SHARED


def test_of_ways_that_dev_cannot_tell_apart_the_simplest_is_taken() -> None:
    # Fusion is .05 better on the mean; each of ten differs by .5 either way: the standard error is .15.
    mixed = {SUM: [2, 1] * 5, MEAN: [2] * 10, FUSION: [1, 2] * 4 + [1, 1]}
    assert _simplest([_found(10, mixed)]) is SUM
    assert _simplest([_found(10, {**mixed, SUM: [9]})]) is FUSION


def test_many_queries_for_one_thing_say_no_more_than_one() -> None:
    few = _found(10, {SUM: [2, 1] * 5, MEAN: [9], FUSION: [1, 2] * 4 + [1, 1]})
    assert _simplest([few * 50]) is SUM


def test_a_small_set_counts_as_much_as_a_large_one() -> None:
    large, small = _found(500, {SUM: [1], MEAN: [1], FUSION: [2]}), _found(20, {SUM: [100], MEAN: [100], FUSION: [1]})
    assert _simplest([large, small]) is FUSION


@pytest.mark.parametrize("rank", [1, 50])
def test_ways_that_are_alike_are_ranked_by_the_sum(rank: int) -> None:
    assert _simplest([_found(3, {way: [rank] for way in Mixing})]) is SUM
