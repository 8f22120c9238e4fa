"""Which tokens of a text are its words."""

from collections.abc import Sequence

import regex

from app.words import UNSPACED
from workers.encoders.base import Stretch

MOST = 32  # words of a text that are told apart
LONGEST = 64  # characters of a label; what is longer is cut
UNSPACED_TEXT = regex.compile(rf"[{UNSPACED}]")
AROUND = regex.compile(r"^[\s\p{P}\p{C}]+|[\s\p{P}\p{C}]+\Z")  # spaces, punctuation, what nobody sees


def words_among(text: str, offsets: Sequence[tuple[int, int]], begin: int = 0) -> tuple[Stretch, ...]:
    """The words of a text by its tokens; where there are more than 32, neighbours stand together.

    In scripts without spaces each token is a word.

    Args:
        text: that was read.
        offsets: where each token stands in the text: its first character, and behind its last; equal where in none.
        begin: the first character that counts.
    """
    words: list[list[int]] = []  # the tokens of each
    behind = begin
    for token, (start, end) in enumerate(offsets):
        own = text[start:end]
        if end <= begin or not AROUND.sub("", own):
            continue
        spaced = any(character.isspace() for character in text[behind:start] + own[0])
        if spaced or UNSPACED_TEXT.search(own) or not words:
            words.append([])
        words[-1].append(token)
        behind = end
    size = -(-len(words) // MOST) or 1
    groups = [words[first : first + size] for first in range(0, len(words), size)]
    together = [[token for word in group for token in word] for group in groups]
    return tuple(
        Stretch(_label(text[offsets[own[0]][0] : offsets[own[-1]][1]]), own[0], own[-1] + 1) for own in together
    )


def _label(words: str) -> str:
    named = AROUND.sub("", words)
    return named if len(named) <= LONGEST else named[: LONGEST - 1] + "\u2026"
