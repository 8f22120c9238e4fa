"""Says what keeps contents from being embedded, and how long they would take, without writing anything."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache

from app.errors import TriseekError
from app.types import Modality, Role
from workers.embedder import Embedder
from workers.towers import held_spaces

SAMPLE = 32  # contents of a modality that are embedded to see how long it takes


class Examiner:
    """Decodes contents; embeds the first ones.

    Args:
        embedder: gives that of the space which is active.
    """

    def __init__(self, embedder: Callable[[], Embedder]) -> None:
        self._embedder = embedder
        self._seconds: dict[Modality, float] = defaultdict(float)
        self._seen: Counter[Modality] = Counter()

    def problems(self, modality: Modality, contents: Sequence[str | bytes]) -> list[TriseekError | None]:
        """What keeps each content from being embedded, if anything does."""
        first = contents[: max(0, SAMPLE - self._seen[modality])]
        found = self._timed(modality, first) if first else []
        return found + self._embedder().problems(modality, contents[len(first) :], Role.PASSAGE)

    def seconds(self, modality: Modality) -> float:
        """How long one content takes to be embedded, by those that were seen."""
        return self._seconds[modality] / max(1, self._seen[modality])

    def _timed(self, modality: Modality, contents: Sequence[str | bytes]) -> list[TriseekError | None]:
        started = time.perf_counter()
        outcomes = self._embedder().embed(modality, contents, Role.PASSAGE)
        self._seconds[modality] += time.perf_counter() - started
        self._seen[modality] += len(contents)
        return [each if isinstance(each, TriseekError) else None for each in outcomes]


@cache
def examiner() -> Examiner:
    """This process's own."""
    return Examiner(lambda: held_spaces().active().embedder)
