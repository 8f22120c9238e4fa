import pytest

from workers.encoders.base import batches


@pytest.mark.parametrize("lengths", [[], [5], [1, 9, 3, 3, 7], list(range(100)), [1000, 1, 1000]])
def test_every_content_is_in_exactly_one_batch(lengths: list[int]) -> None:
    rows = [row for batch in batches(lengths, budget=40, size=4) for row in batch]
    assert sorted(rows) == list(range(len(lengths)))


def test_a_padded_batch_stays_within_the_budget_unless_it_is_one_content() -> None:
    lengths = [3, 50, 8, 8, 1, 20, 19]
    for batch in batches(lengths, budget=40, size=4):
        assert len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= 40
        assert len(batch) <= 4


def test_contents_of_one_length_share_a_batch() -> None:
    found = {frozenset(batch) for batch in batches([2, 9, 2, 9, 2, 9], budget=1000, size=3)}
    assert found == {frozenset({0, 2, 4}), frozenset({1, 3, 5})}
