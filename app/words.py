"""The words of texts: products are found by what is written of them, besides by their vectors."""

import unicodedata
from collections.abc import Iterable
from itertools import pairwise

import regex

LONGEST = 64  # characters of a word; what is longer is cut
MOST = 10_000  # words that a product is found by, of the 120,000 characters that it may have
LONGEST_NAME = 200  # characters
# Scripts that are written without spaces, or with several words in one: pairs of their characters stand for words.
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\u30fc\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
SPACED = rf"[\p{{L}}\p{{M}}\p{{N}}]--[{UNSPACED}]"
RUN = regex.compile(rf"(?P<unspaced>[{UNSPACED}]\p{{M}}*)+|[{SPACED}]+", regex.V1)
ACCENTS = regex.compile("[\u0300-\u036f]")


def words_of(text: str) -> list[str]:
    """A query's words in order, without case and accents; of scripts without spaces, its pairs of characters.

    Source:
        Pairs of characters for Chinese: Nie, Gao, Zhang and Zhou, 2000, "On the use of words and n-grams for Chinese
        information retrieval".
    """
    return [word for run in RUN.finditer(fold(text)) for word in _words(run)]


def indexed_words(texts: Iterable[str]) -> list[str]:
    """The words that a product is found by, each once; of scripts without spaces, single characters, too."""
    found: dict[str, None] = {}
    for text in texts:
        for run in RUN.finditer(fold(text)):
            found |= dict.fromkeys(_words(run))
            found |= dict.fromkeys(_characters(run))
    return list(found)[:MOST]


def name_of(text: str) -> str:
    """A text as a name, however it is spelt: one that is asked for by its whole name comes first."""
    return " ".join(words_of(text))[:LONGEST_NAME]


def fold(text: str) -> str:
    """The text without case, accents and compatibility forms, so that different spellings of a word are one."""
    plain = ACCENTS.sub("", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFKC", plain)


def _words(run: "regex.Match[str]") -> list[str]:
    characters = _characters(run)
    if not characters:
        return [run[0][:LONGEST]]
    return ["".join(pair) for pair in pairwise(characters)] or characters


def _characters(run: "regex.Match[str]") -> list[str]:
    """Of a script without spaces, with their marks; none of other scripts."""
    return [character[: LONGEST // 2] for character in run.captures("unspaced")]
