"""What a query's words ask for."""

from app.search.terms import MOST_TERMS, Term, terms_of

SYNONYMS = [["sofa", "couch"], ["TV", "television set"], ["电视", "tv"]]


def _alternatives(text: str) -> list[set[str]]:
    return [{" ".join(phrase) for phrase in term.alternatives} for term in terms_of(text, SYNONYMS)]


def test_each_word_is_asked_for_once() -> None:
    assert [str(term) for term in terms_of("Red, red shoes")] == ["red", "shoes"]


def test_a_word_stands_for_its_group() -> None:
    assert _alternatives("red couch") == [{"red"}, {"sofa", "couch"}]


def test_the_longest_phrase_counts() -> None:
    assert _alternatives("a television set stand") == [{"a"}, {"tv", "television set"}, {"stand"}]


def test_of_two_groups_with_a_word_the_later_one_counts() -> None:
    assert _alternatives("tv") == [{"电视", "tv"}]


def test_what_was_asked_for_comes_first() -> None:
    assert terms_of("couch", SYNONYMS) == [Term((("couch",), ("sofa",)))]


def test_there_is_an_end_of_terms() -> None:
    assert len(terms_of(" ".join(map(str, range(100))))) == MOST_TERMS
