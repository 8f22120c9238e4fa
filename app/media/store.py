"""The media store: bytes by their SHA-256, in a folder or anywhere that fsspec can write."""

import hashlib
import uuid
from typing import BinaryIO, cast

import fsspec

from app.errors import MediaMissing

CHUNK = 2**20  # bytes


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
        if not self._files.exists(path):
            # Written beside its place and moved there, so that nobody ever reads half a file.
            partial = f"{path}.{uuid.uuid4().hex}"
            self._files.makedirs(self._files._parent(path), exist_ok=True)  # noqa: SLF001  fsspec has no public name for it
            self._files.pipe_file(partial, data)
            self._files.mv(partial, path)
        return digest

    def put_file(self, file: BinaryIO) -> tuple[str, int]:
        """Stores a file of any size; returns the SHA-256 of its bytes in hex, and how many they are."""
        sha, size = hashlib.sha256(), 0
        partial = f"{self._root}/partial/{uuid.uuid4().hex}"
        self._files.makedirs(self._files._parent(partial), exist_ok=True)  # noqa: SLF001  fsspec has no public name for it
        try:
            with self._files.open(partial, "wb") as target:
                while chunk := file.read(CHUNK):
                    sha.update(chunk)
                    size += len(chunk)
                    target.write(chunk)
            path = self._path(sha.hexdigest())
            self._files.makedirs(self._files._parent(path), exist_ok=True)  # noqa: SLF001  the same
            self._files.mv(partial, path)
        except BaseException:
            # The client may hang up halfway.
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

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest}"
