"""The media store: bytes by their SHA-256, in a folder or anywhere that fsspec can write."""

import contextlib
import errno
import hashlib
import time
import uuid
from collections.abc import Iterator
from typing import BinaryIO, cast

import fsspec

from app.errors import MediaMissing, MediaStoreFull
from app.media.thumbnails import thumbnail_paths

CHUNK = 2**20  # bytes
FRESH = 86_400  # seconds in which what was written is not removed for being of no use
PARTIAL = "partial"  # the folder of what is being written
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class MediaStore:
    """Stores pictures, recordings and uploaded files by the SHA-256 of their bytes.

    Args:
        url: a folder, or a URL that fsspec opens, `s3://bucket/prefix`.
    """

    def __init__(self, url: str) -> None:
        self._files, self._root = fsspec.core.url_to_fs(url)

    def put(self, data: bytes) -> str:
        """Stores bytes, once however often they come; returns their SHA-256 in hex."""
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        if not self._is_fresh(path):
            # Written elsewhere and moved to its place, so that nobody ever reads half a file.
            partial = self._partial()
            with _room_is_told():
                self._files.pipe_file(partial, data)
                self._move(partial, path)
        return digest

    def put_file(self, file: BinaryIO) -> tuple[str, int]:
        """Stores a file of any size; returns the SHA-256 of its bytes in hex, and how many they are."""
        sha, size = hashlib.sha256(), 0
        partial = self._partial()
        try:
            with _room_is_told(), self._files.open(partial, "wb") as target:
                while chunk := file.read(CHUNK):
                    sha.update(chunk)
                    size += len(chunk)
                    target.write(chunk)
            with _room_is_told():
                self._move(partial, self._path(sha.hexdigest()))
        except BaseException:
            # The client may hang up halfway.
            with contextlib.suppress(FileNotFoundError):
                self._files.rm_file(partial)
            raise
        return sha.hexdigest(), size

    def get(self, digest: str) -> bytes:
        """The bytes of this SHA-256.

        Raises:
            MediaMissing: the store does not hold them.
        """
        try:
            return bytes(self._files.cat_file(self._path(digest)))
        except FileNotFoundError as error:
            raise MediaMissing(f"The media store does not hold {digest}.") from error

    def open(self, digest: str) -> BinaryIO:
        """The bytes of this SHA-256 as a file, for what is too large to hold.

        Raises:
            MediaMissing: the store does not hold them.
        """
        try:
            return cast(BinaryIO, self._files.open(self._path(digest), "rb"))
        except FileNotFoundError as error:
            raise MediaMissing(f"The media store does not hold {digest}.") from error

    def remove(self, digest: str, *, only_old: bool = False) -> bool:
        """Removes the bytes of this SHA-256, with a picture's smaller versions; whether they were there.

        Args:
            digest: hex.
            only_old: leaves what was written a short time ago: somebody may be about to say that they need it.
        """
        path = self._path(digest)
        if only_old and self._is_fresh(path):
            return False
        for derived in thumbnail_paths(digest):
            self.remove_derived(derived)
        try:
            self._files.rm_file(path)
        except FileNotFoundError:
            return False
        return True

    def digests(self) -> Iterator[list[str]]:
        """All that is stored by its SHA-256, some at a time."""
        for number in range(256):
            folder = f"{self._root}/{number:02x}"
            if self._files.exists(folder):
                yield [path.rpartition("/")[2] for path in self._files.ls(folder, detail=False)]

    def derived(self, folder: str) -> list[str]:
        """The names in a folder of what was derived."""
        path = f"{self._root}/{folder}"
        if not self._files.exists(path):
            return []
        return [str(name).rpartition("/")[2] for name in self._files.ls(path, detail=False)]

    def remove_derived_folder(self, folder: str) -> None:
        """Removes a folder of what was derived, with all that is in it."""
        with contextlib.suppress(FileNotFoundError):
            self._files.rm(f"{self._root}/{folder}", recursive=True)

    def _is_fresh(self, path: str) -> bool:
        """Whether it was written a short time ago. What is older is written again by who needs it, so that it is."""
        try:
            written = self._files.modified(path)
        except FileNotFoundError:
            return False
        return bool(time.time() - written.timestamp() < FRESH)

    def put_derived(self, path: str, data: bytes) -> None:
        """Stores what was derived from other bytes and can be made again, under a relative path of its own.

        Raises:
            MediaStoreFull: there is no room.
        """
        partial = self._partial()
        with _room_is_told():
            self._files.pipe_file(partial, data)
            self._move(partial, f"{self._root}/{path}")

    def has_derived(self, path: str) -> bool:
        """Whether it was derived."""
        return bool(self._files.exists(f"{self._root}/{path}"))

    def get_derived(self, path: str) -> bytes | None:
        """What was derived, if it was."""
        try:
            return bytes(self._files.cat_file(f"{self._root}/{path}"))
        except FileNotFoundError:
            return None

    def remove_derived(self, path: str) -> None:
        """Removes what was derived, if it was."""
        with contextlib.suppress(FileNotFoundError):
            self._files.rm_file(f"{self._root}/{path}")

    def clear(self) -> None:
        """Removes everything."""
        if self._files.exists(self._root):
            self._files.rm(self._root, recursive=True)

    def remove_partial(self, older_than: float) -> int:
        """Removes what was begun this many seconds ago and never ended, as by a process that was killed; how many."""
        begun = self._files.find(f"{self._root}/{PARTIAL}")
        left = [each for each in begun if self._files.modified(each).timestamp() <= time.time() - older_than]
        for each in left:
            with contextlib.suppress(FileNotFoundError):
                self._files.rm_file(each)
        return len(left)

    def _partial(self) -> str:
        self._files.makedirs(f"{self._root}/{PARTIAL}", exist_ok=True)
        return f"{self._root}/{PARTIAL}/{uuid.uuid4().hex}"

    def _move(self, partial: str, path: str) -> None:
        self._files.makedirs(self._files._parent(path), exist_ok=True)  # noqa: SLF001  fsspec has no public name for it
        self._files.mv(partial, path)

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest}"


@contextlib.contextmanager
def _room_is_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise MediaStoreFull(
                "The media store has no room left. Try again once its operator has made some."
            ) from error
        raise
