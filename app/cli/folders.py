"""Folders as one file that can be uploaded."""

import contextlib
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast


@contextlib.contextmanager
def packed(path: Path) -> Iterator[BinaryIO]:
    """A file as it is, a folder as a ZIP archive of what is in it, hidden files left out."""
    if path.is_file():
        with path.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as target:
        # Pictures and recordings are packed already.
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for each in sorted(path.rglob("*")):
                inside = each.relative_to(path)
                if each.is_file() and not any(part.startswith(".") for part in inside.parts):
                    archive.write(each, inside)
        target.seek(0)
        yield cast(BinaryIO, target)
