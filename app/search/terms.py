"""What a query's words ask for."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.words import words_of

MOST_TERMS = 32  # of one text; what comes after them says little that they do not
Phrase = tuple[str, ...]  # words that a product must all have


@dataclass(frozen=True)
class Term:
    """One word of a query, or a phrase with synonyms: a product has it that has all words of any alternative."""

    alternatives: tuple[Phrase, ...]  # the first as it was asked for

    def __str__(self) -> str:
        """As it was asked for."""
        return " ".join(self.alternatives[0])


def terms_of(text: str, synonyms: Sequence[Sequence[str]] = ()) -> list[Term]:
    """A text's words in order, each once.

    Args:
        text: in any language.
        synonyms: groups of words and phrases that mean the same. The longest that a text has at a place counts there.
    """
    groups = [[phrase for each in group if (phrase := tuple(words_of(each)))] for group in synonyms]
    known = {phrase: group for group in groups for phrase in group}
    longest = max(map(len, known), default=1)
    words = words_of(text)
    found: dict[Term, None] = {}
    place = 0
    while place < len(words) and len(found) < MOST_TERMS:
        lengths = range(min(longest, len(words) - place), 0, -1)
        here = [tuple(words[place : place + length]) for length in lengths]
        phrase = next((each for each in here if each in known), here[-1])
        found[Term(tuple(dict.fromkeys((phrase, *known.get(phrase, ())))))] = None
        place += len(phrase)
    return list(found)
