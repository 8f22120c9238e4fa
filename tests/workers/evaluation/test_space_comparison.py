"""Two spaces beside each other, by ranks that were written by hand."""

import pytest

from workers.evaluation.space_comparison import Pair, Timing, overlap, quality, reasons


def _pairs(kind: str, ranks: list[tuple[int | None, int | None]]) -> list[Pair]:
    return [Pair(kind=kind, target=f"{kind} {n}", new=new, active=old) for n, (new, old) in enumerate(ranks)]


def test_recall_and_mrr_count_what_is_within_the_first_ten() -> None:
    (row,) = quality(_pairs("title", [(1, 2), (None, 1), (4, None), (10, 5)]))
    assert (row["kind"], row["queries"]) == ("title", 4)
    assert row["R@10"]["new"] == row["R@10"]["active"] == 0.75
    assert row["MRR@10"]["new"] == pytest.approx((1 + 0 + 1 / 4 + 1 / 10) / 4, abs=1e-4)
    assert row["MRR@10"]["active"] == pytest.approx((1 / 2 + 1 + 0 + 1 / 5) / 4, abs=1e-4)
    low, high = row["MRR@10"]["interval"]
    assert low < row["MRR@10"]["new"] - row["MRR@10"]["active"] < high


def test_worse_is_what_chance_does_not_explain() -> None:
    assert not quality(_pairs("few", [(2, 1)] * 3))[0]["is_worse"]
    assert quality(_pairs("many", [(2, 1)] * 40))[0]["is_worse"]
    assert not quality(_pairs("better", [(1, 2)] * 40))[0]["is_worse"]
    assert not quality(_pairs("mixed", [(1, 2), (2, 1)] * 20))[0]["is_worse"]


def test_one_kind_alone_can_be_worse_and_all_come_first() -> None:
    rows = quality(_pairs("bad", [(None, 1)] * 30) + _pairs("good", [(1, None)] * 60))
    assert [(row["kind"], row["is_worse"]) for row in rows] == [("all", False), ("bad", True), ("good", False)]


def test_a_product_asked_for_twice_counts_as_one() -> None:
    same = [Pair(kind="title", target="one", new=2, active=1) for _ in range(40)]
    (row,) = quality(same)
    assert not row["is_worse"]
    assert "interval" not in row["R@10"]


def test_without_searches_nothing_is_said() -> None:
    assert quality([]) == []
    assert reasons({"new": 5, "active": 5}, []) == []


def test_reasons_name_what_is_missing_and_what_is_found_less() -> None:
    rows = quality(_pairs("title", [(None, 1)] * 30))
    told = reasons({"new": 3, "active": 5}, rows)
    assert told[0] == "It has 3 products, 2 fewer than the active one."
    assert told[1] == "title: it finds less (R@10 0.000 after 1.000, MRR@10 0.000 after 1.000; 30 queries)."


def test_overlap_is_of_the_first_ten() -> None:
    old = [str(number) for number in range(20)]
    assert overlap(list(reversed(old[:10])), old) == 1
    assert overlap(old[5:], old) == 0.5
    assert overlap([], old) == 0
    assert overlap(old, []) is None


def test_times_are_of_the_middle_and_of_the_slowest_twentieth() -> None:
    assert Timing.of([]) is None
    assert Timing.of([float(number) for number in range(101)]) == Timing(p50=50.0, p95=95.0)
