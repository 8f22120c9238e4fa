from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.encoders.token_words import MOST, words_among


def _offsets(*tokens: str) -> tuple[str, list[tuple[int, int]]]:
    """A text that is these tokens one behind the other, and where each stands."""
    ends = [len("".join(tokens[: number + 1])) for number in range(len(tokens))]
    return "".join(tokens), list(pairwise([0, *ends]))


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (("red", " run", "ning", " shoes"), ["red", "running", "shoes"]),
        (("men", "'", "s", " T", "-", "shirt"), ["men's", "T-shirt"]),
        (("shoes", ",", " (", "red", ")"), ["shoes", "red"]),
        (("红色", "的", "鞋子", " Nike"), ["红色", "的", "鞋子", "Nike"]),
        ((" ", "红色", " "), ["红色"]),
        (("...",), []),
        ((), []),
    ],
)
def test_tokens_without_a_space_between_are_one_word(tokens: tuple[str, ...], words: list[str]) -> None:
    assert [word.label for word in words_among(*_offsets(*tokens))] == words


def test_marks_of_start_and_end_are_no_words_and_a_prefix_does_not_count() -> None:
    text, offsets = _offsets("query", ":", " red")
    found = words_among(text, [(0, 0), *offsets, (0, 0)], begin=len("query:"))
    assert [(word.label, word.start, word.end) for word in found] == [("red", 3, 4)]


def test_of_many_words_neighbours_stand_together() -> None:
    found = words_among(*_offsets(*[f" w{number}" for number in range(70)]))
    assert len(found) == 24
    assert found[0].label == "w0 w1 w2"
    assert found[-1].label == "w69"


def test_a_label_that_is_too_long_is_cut() -> None:
    (word,) = words_among(*_offsets("a" * 500))
    assert (len(word.label), word.label[-2:]) == (64, "a\u2026")


@given(st.lists(st.text(min_size=1, max_size=5), max_size=100))
def test_words_are_in_order_and_never_too_many(tokens: list[str]) -> None:
    found = words_among(*_offsets(*tokens))
    assert len(found) <= MOST
    assert all(left.end <= right.start for left, right in pairwise(found))
    assert all(word.label.strip() for word in found)
