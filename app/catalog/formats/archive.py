"""Reads ZIP archives: a catalogue file with pictures and recordings beside it."""

import lzma
import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO, cast

from app.errors import ImportUnreadable, MediaTooLarge, MediaUnreadable

ENDINGS = (".ndjson", ".jsonl", ".csv", ".tsv", ".xml", ".parquet")  # of catalogue files; gzip may follow
MAYBE = (".txt",)  # one, if there is no other
LARGEST_DIRECTORY = 64 * 2**20  # bytes of the list of its files, which is held in memory
LARGEST_CATALOGUE = 32 * 2**30  # bytes, unpacked
ENCRYPTED = 0x1  # a bit of a member's flags
MOST_TIMES = 200  # zlib packs zeros to 1/1032 of their size; no catalogue comes near
SMALL = 2**20  # bytes that it may have however well packed
# RuntimeError is what zipfile raises where a password would be needed, or a way of packing that it does not know.
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, OSError, EOFError)


class Archive(Mapping[str, bytes]):
    """The files beside the catalogue file, by their paths from it, or from the archive's top.

    Args:
        file: the archive; it can be read at any place.
        max_bytes: of a picture or recording.

    Raises:
        ImportUnreadable: it is no ZIP archive, a path leads out of it, or it has not just one catalogue file.
    """

    def __init__(self, file: BinaryIO, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        try:
            _check_directory(file)
            self._zip = zipfile.ZipFile(file)
        except (*DAMAGED, ValueError) as error:
            raise ImportUnreadable(f"The archive cannot be read: {error}") from error
        members = [member for member in self._zip.infolist() if not member.is_dir()]
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            path = _safe(member.filename)
            if path in self._members:
                raise ImportUnreadable(f"The archive has two files named {path!r}.")
            if not _is_of_system(member.filename):
                self._members[path] = member
        self.catalogue = self._catalogue()
        self._folder = posixpath.dirname(self.catalogue)

    def _catalogue(self) -> str:
        """The path of the catalogue file: the only one with such an ending in the uppermost folder that has any."""
        named = self._ending_in(ENDINGS) or self._ending_in(MAYBE)
        top = [path for path in named if path.count("/") == min(map(_depth, named))]
        if len(top) != 1:
            found = f"{len(top)}: {', '.join(sorted(top)[:3])}" if top else "none"
            raise ImportUnreadable(f"The archive must have one catalogue file ({', '.join(ENDINGS)}) and has {found}.")
        return top[0]

    def _ending_in(self, endings: tuple[str, ...]) -> list[str]:
        return [path for path in self._members if path.lower().removesuffix(".gz").endswith(endings)]

    def open_catalogue(self) -> BinaryIO:
        """The catalogue file.

        Raises:
            ImportUnreadable: it is encrypted, damaged, or a bomb.
        """
        member = self._members[self.catalogue]
        if _is_bomb(member):
            raise ImportUnreadable(f"{self.catalogue} would unpack to {member.file_size:,} bytes, which is not read.")
        if member.flag_bits & ENCRYPTED:
            raise ImportUnreadable(f"{self.catalogue} is encrypted.")
        try:
            return cast(BinaryIO, self._zip.open(member))
        except DAMAGED as error:
            raise ImportUnreadable(f"{self.catalogue} cannot be unpacked: {error}") from error

    def __getitem__(self, name: str) -> bytes:
        """The bytes of a picture or recording.

        Raises:
            KeyError: there is no such file.
            MediaTooLarge, MediaUnreadable: it is too large, encrypted or damaged.
        """
        member = self._members[self._path(name)]
        if member.file_size > self._max_bytes:
            raise MediaTooLarge(f"{name} would unpack to {member.file_size:,} bytes.")
        if member.flag_bits & ENCRYPTED:
            raise MediaUnreadable(f"{name} is encrypted.")
        try:
            with self._zip.open(member) as opened:
                data = opened.read(self._max_bytes + 1)  # whatever its header says
        except DAMAGED as error:
            raise MediaUnreadable(f"{name} cannot be unpacked: {error}") from error
        if len(data) > self._max_bytes:
            raise MediaTooLarge(f"{name} unpacks to more than {self._max_bytes:,} bytes.")
        return data

    def _path(self, name: str) -> str:
        beside = posixpath.normpath(posixpath.join(self._folder, name.replace("\\", "/")))
        return beside if beside in self._members else posixpath.normpath(name.replace("\\", "/"))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._path(name) in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


def _check_directory(file: BinaryIO) -> None:
    """Looks at how much there is to read before it is read.

    Raises:
        ImportUnreadable: it is too much.
    """
    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]  # noqa: SLF001  nothing public tells it beforehand
    if end is not None and end[zipfile._ECD_SIZE] > LARGEST_DIRECTORY:  # type: ignore[attr-defined]  # noqa: SLF001
        raise ImportUnreadable(f"The list of the archive's files has more than {LARGEST_DIRECTORY // 2**20} MiB.")
    file.seek(0)


def _safe(path: str) -> str:
    """Nothing is ever unpacked into a folder, but an archive whose paths lead out of it was made to do harm.

    Raises:
        ImportUnreadable: a path is absolute, or goes up.
    """
    parts = path.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts or parts[0].endswith(":"):
        raise ImportUnreadable(f"The archive has a path that leads out of it: {path[:200]!r}.")
    return posixpath.normpath("/".join(parts))


def _is_of_system(path: str) -> bool:
    """Whether a system put it there: macOS writes a shadow of every file."""
    return path.startswith("__MACOSX/") or posixpath.basename(path) in (".DS_Store", "Thumbs.db")


def _is_bomb(member: zipfile.ZipInfo) -> bool:
    return member.file_size > most_unpacked(member.compress_size)


def most_unpacked(packed: int) -> int:
    """Bytes that a packed catalogue of so many bytes may have: what is more was made to fill a disk."""
    return min(LARGEST_CATALOGUE, max(SMALL, MOST_TIMES * packed))


def _depth(path: str) -> int:
    return path.count("/")
