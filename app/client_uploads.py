"""Bodies that the client reads as it sends them."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

Progress = Callable[[int, int | None], None]  # is told how many bytes were sent, and of how many if that is known
PIECE = 256 * 1024  # bytes


class Upload:
    """A body that is read as it is sent.

    Args:
        content: a file, its bytes as they are made, or what makes them anew each time.
        progress: is told after each piece.
    """

    def __init__(
        self, content: Path | Iterable[bytes] | Callable[[], Iterator[bytes]], progress: Progress | None = None
    ) -> None:
        self._content, self._progress = content, progress
        self.size = content.stat().st_size if isinstance(content, Path) else None
        self.is_repeatable = isinstance(content, Path) or callable(content)

    def __iter__(self) -> Iterator[bytes]:
        done = 0
        for piece in self._pieces():
            yield piece
            done += len(piece)
            if self._progress is not None:
                self._progress(done, self.size)

    def _pieces(self) -> Iterable[bytes]:
        if isinstance(self._content, Path):
            return pieces_of(self._content)
        return self._content() if callable(self._content) else self._content


def pieces_of(path: Path) -> Iterator[bytes]:
    """A file's bytes, piece by piece."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
