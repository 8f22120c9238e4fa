"""The files of a multipart request, which lie on disk until one is asked for."""

import hashlib
import os
from collections.abc import Iterator, Mapping

from werkzeug.datastructures import FileStorage

from app.errors import MediaTooLarge
from app.media.content import MEBIBYTE

CHUNK = MEBIBYTE


class UploadedFiles(Mapping[str, bytes]):
    """Files by their names. Each is read anew whenever it is asked for, so that few are in memory.

    Args:
        max_mb: of one file.
    """

    def __init__(self, max_mb: int = 0) -> None:
        self._max_mb = max_mb
        self._files: dict[str, FileStorage] = {}

    def add(self, name: str, file: FileStorage) -> None:
        """Takes a file under a name that no other has."""
        self._files[name] = file

    def take(self, name: str) -> bytes:
        """The bytes of a file, which is no longer among them."""
        data = self[name]
        del self._files[name]
        return data

    def digest(self, name: str) -> bytes:
        """SHA-256 of a file, whatever its size."""
        stream, sha = self._files[name].stream, hashlib.sha256()
        stream.seek(0)
        while chunk := stream.read(CHUNK):
            sha.update(chunk)
        return sha.digest()

    def __getitem__(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            KeyError: there is none of this name.
            MediaTooLarge: it has more than allowed; none was read.
        """
        file = self._files[name]
        if (size := size_of(file)) > self._max_mb * MEBIBYTE:
            raise MediaTooLarge(f"The file has {size / MEBIBYTE:.1f} MiB; at most {self._max_mb} MiB are allowed.")
        file.stream.seek(0)
        return file.stream.read()

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def size_of(file: FileStorage) -> int:
    """In bytes."""
    return file.stream.seek(0, os.SEEK_END)
