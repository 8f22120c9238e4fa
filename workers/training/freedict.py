"""Words of many languages with what they mean in English, from FreeDict's dictionaries.

A folder of them is what the packages `dict-freedict-*` put into `/usr/share/dictd`: for each dictionary an index (word,
place and length in base 64) and its entries, compressed. An entry is its headword with its pronunciation, then a line
of translations, or a numbered line a sense.

Sources: FreeDict, freedict.org (GPL, each dictionary says which); the format: RFC 2229's server dictd, `dictfmt(1)`.
"""

import gzip
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import wordfreq

from app.errors import DictionaryInvalid
from workers.training.nameless import nameless

LANGUAGES = {
    "deu": "de", "fra": "fr", "spa": "es", "por": "pt", "ita": "it", "nld": "nl", "swe": "sv", "ron": "ro", "rom": "ro",
    "rus": "ru",
}  # fmt: skip
MOST = 5_000  # words of a language, the most frequent ones
MOST_WORDS = 3  # of a meaning; a headword is one word, since phrases are rarely names
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
REMARK = re.compile(r"<[^>]*>|\[[^]]*\]|\([^)]*\)|\{[^}]*\}|^\d+\.\s*")
PRONOUNCED = re.compile(r"\s*/.*")


class Translation(NamedTuple):
    """A word and what it means."""

    language: str  # as wordfreq names it: de, fr
    word: str
    meaning: str  # in English


def translations(folder: Path) -> list[Translation]:
    """What the dictionaries of a folder say that go from or to English: of each language the most frequent words.

    Raises:
        DictionaryInvalid: it has no such dictionary, or one that cannot be read.
    """
    found: dict[str, dict[str, set[str]]] = {}  # language -> word -> meanings
    for path in sorted(folder.glob("freedict-???-???.index")):
        source, target = path.stem.removeprefix("freedict-").split("-")
        foreign = source if target == "eng" else target if source == "eng" else ""
        if foreign in LANGUAGES:
            own = found.setdefault(LANGUAGES[foreign], defaultdict(set))
            for pair in _pairs(path):
                word, meaning = pair if target == "eng" else pair[::-1]
                if len(word.split()) == 1 and (word[0].isupper() or foreign != "deu"):  # nouns, in German
                    own[word].add(meaning)
    if not found:
        raise DictionaryInvalid(f"{folder} has no FreeDict dictionary from or to English (freedict-deu-eng.index).")
    return [Translation(language, *pair) for language, own in found.items() for pair in _frequent(own, language)]


def _frequent(meanings: Mapping[str, set[str]], language: str) -> Iterator[tuple[str, str]]:
    """The most frequent words, each with its commonest meaning: `Hund` is a dog before it is a mine car."""
    known = wordfreq.get_frequency_dict(language)
    names = [word for word in meanings if word.casefold() not in nameless(language)]
    for word in sorted(names, key=lambda word: (-known.get(word.casefold(), 0.0), word))[:MOST]:
        yield word, max(meanings[word], key=lambda meaning: (wordfreq.word_frequency(meaning, "en"), meaning))


def _pairs(index: Path) -> Iterator[tuple[str, str]]:
    """Headwords with their first translation, short ones only."""
    try:
        entries = gzip.decompress(index.with_suffix(".dict.dz").read_bytes())
        for line in index.read_text(encoding="utf-8").splitlines():
            _, start, length = line.split("\t")[:3]
            at = _number(start)
            head, _, body = entries[at : at + _number(length)].decode("utf-8").partition("\n")
            word = PRONOUNCED.sub("", head).strip()
            if not line.startswith("00database") and _short(word) and _short(meaning := _first(body)):
                yield word, meaning
    except (OSError, EOFError, ValueError) as error:
        raise DictionaryInvalid(f"{index} is not a dictionary that can be read: {error}") from error


def _first(body: str) -> str:
    """The first translation of an entry, without its remarks."""
    return re.split(r"[,;]", REMARK.sub("", body.strip().partition("\n")[0].strip()))[0].strip()


def _short(text: str) -> bool:
    return 0 < len(text.split()) <= MOST_WORDS and text[0].isalpha()


def _number(digits: str) -> int:
    """Raises ValueError for what is no base 64."""
    value = 0
    for digit in digits:
        value = value * 64 + DIGITS.index(digit)
    return value
