"""How texts are split into words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.words import LONGEST, LONGEST_NAME, MOST, fold, indexed_words, name_of, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Crème Brûlée, SKU-123/x", ["creme", "brulee", "sku", "123", "x"]),
        ("ＦＵＬＬ width", ["full", "width"]),
        ("Straße", ["strasse"]),
        ("红色跑鞋 red", ["红色", "色跑", "跑鞋", "red"]),
        ("刀", ["刀"]),
        ("コーヒー", ["コー", "ーヒ", "ヒー"]),
        ("हिन्दी", ["हिन्दी"]),
        ("!? ", []),
    ],
)
def test_words_are_without_case_and_accents_and_pairs_where_there_are_no_spaces(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_products_are_also_found_by_single_characters_of_scripts_without_spaces() -> None:
    assert set(indexed_words(["菜刀"])) == {"菜刀", "菜", "刀"}


@given(st.text())
def test_every_word_of_a_text_is_indexed_and_short(text: str) -> None:
    words = words_of(text)
    assert set(words) <= set(indexed_words([text]))
    assert all(len(word) > 0 for word in words)
    assert all(len(word) <= LONGEST for word in words)


@given(st.text())
def test_folded_text_is_not_folded_further(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_there_are_bounds() -> None:
    assert words_of("x" * 1000) == ["x" * LONGEST]
    assert all(len(word) <= LONGEST for word in indexed_words(["ก" + "\u0e31" * 1000 + "ข"]))
    assert len(indexed_words([" ".join(map(str, range(2 * MOST)))])) == MOST
    assert len(name_of("word " * 1000)) <= LONGEST_NAME


@pytest.mark.parametrize("spelt", ["SKU-123", "sku 123", " Sku_123 "])
def test_a_name_is_the_same_however_it_is_spelt(spelt: str) -> None:
    assert name_of(spelt) == "sku 123"
