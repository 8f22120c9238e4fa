"""What every measured index does."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import ClassVar, Self

from app.db.ranking import NARROWEST
from workers.bench.sample import Sample, Vectors

EF = NARROWEST  # nodes in view, as Triseek's ranking has for ten hits

Search = Callable[[Vectors, str | None, int], Sequence[int]]  # query, field that must be 0, how many -> places


class Engine(ABC):
    """An index of vectors with fields; a context that holds whatever it needs."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self.opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.close()

    @abstractmethod
    def load(self, sample: Sample) -> None:
        """Stores the vectors with their fields."""

    @abstractmethod
    def index(self) -> None:
        """Makes the index, unless loading made it."""

    @abstractmethod
    def size(self) -> int:
        """Bytes of the index; 0 if it cannot be told."""

    @abstractmethod
    def searcher(self) -> Search:
        """A search for one client; each client gets its own."""
