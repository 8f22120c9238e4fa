"""Other wordings of a text: without a word, with another word for the same, in Chinese."""

import random
import re

from workers.training.dictionary import chinese_names, synonyms

TOKEN = re.compile(r"\S+\s*")
LETTERS = re.compile(r"[A-Za-z][A-Za-z'-]*")
FEWEST = 3  # words of a text of which one may be left out
DROPPED = 0.2  # of the words of such a text, at least one


def wordings(text: str, seed: int, count: int) -> list[str]:
    """Up to so many different wordings of a text, none the text itself; the same ones for the same seed."""
    found: dict[str, None] = {}
    for number in range(count):
        chance = random.Random(f"{seed} {number} {text}")  # noqa: S311  not for secrets
        ways = [_translated, _with_a_synonym, _without_words]
        chance.shuffle(ways)
        wording = next((new for way in ways if (new := way(text, chance)) not in ("", text)), None)
        if wording is not None:
            found[wording] = None
    return list(found)


def _without_words(text: str, chance: random.Random) -> str:
    """The text without a few of its words; nothing if it has too few."""
    words = TOKEN.findall(text)
    if len(words) < FEWEST:
        return ""
    dropped = set(chance.sample(range(len(words)), max(1, round(DROPPED * len(words)))))
    return "".join(word for place, word in enumerate(words) if place not in dropped).strip()


def _with_a_synonym(text: str, chance: random.Random) -> str:
    """The text with another word for one of its words; nothing if none is known."""
    known = [word for word in LETTERS.finditer(text) if word[0].casefold() in synonyms()]
    if not known:
        return ""
    word = chance.choice(known)
    return text[: word.start()] + chance.choice(synonyms()[word[0].casefold()]) + text[word.end() :]


def _translated(text: str, chance: random.Random) -> str:
    """A Chinese word for all of the text; nothing if none is known."""
    names = chinese_names().get(text.casefold(), ())
    return chance.choice(names) if names else ""
