"""Alignment artifacts as one file each: what an administrator uploads, and every worker loads."""

import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import BinaryIO

from app.catalog.drafts import MediaRef
from app.errors import ArtifactInvalid
from app.media.store import MediaStore

CONTENT_TYPE = "application/vnd.triseek.alignment+zip"
REQUIRED = ("card.json", "alignment.safetensors")
OPTIONAL = ("encoders.safetensors", "reduction.safetensors")
LARGEST = 2 * 2**30  # bytes of one file
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # or the same artifact would be another file each time it is packed


def pack(folder: Path, file: BinaryIO) -> None:
    """Packs an artifact's folder; the same artifact gives the same bytes.

    Raises:
        ArtifactInvalid: a file is missing.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        for name in (*REQUIRED, *OPTIONAL):
            path = folder / name
            if path.is_file():
                with path.open("rb") as source, packed.open(zipfile.ZipInfo(name, LONG_AGO), "w") as target:
                    shutil.copyfileobj(source, target)
            elif name in REQUIRED:
                raise ArtifactInvalid(f"{folder} is no alignment artifact: it has no {name}.")


def stored(store: MediaStore, folder: Path) -> MediaRef:
    """Packs an artifact into the media store."""
    with tempfile.TemporaryFile() as file:
        pack(folder, file)
        file.seek(0)
        digest, size = store.put_file(file)
    return MediaRef(digest=digest, bytes=size, content_type=CONTENT_TYPE)


def check(file: BinaryIO) -> None:
    """Looks whether a file is a packed artifact; what its parts hold is for the worker to say.

    Raises:
        ArtifactInvalid: it is none.
    """
    with _opened(file):
        pass


def unpack(file: BinaryIO, folder: Path) -> None:
    """Writes the files of a packed artifact into a folder, and nothing else that the file may hold.

    Raises:
        ArtifactInvalid: it is none.
    """
    with _opened(file) as packed:
        for name in set(packed.namelist()) & {*REQUIRED, *OPTIONAL}:
            with packed.open(name) as source, (folder / name).open("wb") as target:
                shutil.copyfileobj(source, target)


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    try:
        packed = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise ArtifactInvalid("The file is no ZIP of an alignment artifact's folder.") from error
    names = {info.filename: info.file_size for info in packed.infolist()}
    for name in REQUIRED:
        if name not in names:
            raise ArtifactInvalid(f"The file is no alignment artifact: it has no {name}.")
    for name in (*REQUIRED, *OPTIONAL):
        if names.get(name, 0) > LARGEST:
            raise ArtifactInvalid(f"{name} is larger than {LARGEST // 2**30} GiB.")
    return packed
