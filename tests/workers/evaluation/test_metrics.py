import math
from fractions import Fraction

import pytest

from workers.evaluation.metrics import ndcg_at, precision_at, recall_at, reciprocal_rank


@pytest.mark.parametrize(
    ("k", "ranks", "expected"), [(1, [1], 1), (1, [2], 0), (10, [3, 40], 1), (10, [11], 0), (5, [], 0)]
)
def test_recall_is_whether_any_relevant_product_is_within_k(k: int, ranks: list[int], expected: int) -> None:
    assert recall_at(k, ranks) == expected


@pytest.mark.parametrize(("ranks", "expected"), [([1], Fraction(1)), ([4, 2], Fraction(1, 2)), ([], Fraction(0))])
def test_the_reciprocal_rank_is_that_of_the_first_relevant_product(ranks: list[int], expected: Fraction) -> None:
    assert reciprocal_rank(ranks) == pytest.approx(float(expected))


def test_precision_is_the_relevant_share_of_the_first_k() -> None:
    assert precision_at(10, [1, 2, 9, 30]) == pytest.approx(float(Fraction(3, 10)))


def test_ndcg_discounts_by_the_logarithm_of_the_rank() -> None:
    gain = 1 / math.log2(2) + 1 / math.log2(4)
    ideal = 1 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert ndcg_at(10, [1, 3, 50]) == pytest.approx(gain / ideal)


def test_ndcg_of_the_best_order_is_one() -> None:
    assert ndcg_at(2, [1, 2, 3]) == pytest.approx(1)
