"""Reads a catalogue file of any format that we know."""

import codecs
import contextlib
import gzip
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO, cast

from app.catalog.formats.archive import DAMAGED, LARGEST_CATALOGUE, Archive, most_unpacked
from app.catalog.formats.columns import Columns
from app.catalog.formats.delimited import read_delimited
from app.catalog.formats.encoding import encoding_of
from app.catalog.formats.merchant import read_merchant
from app.catalog.formats.ndjson import read_ndjson
from app.catalog.formats.parquet import read_parquet
from app.catalog.formats.rows import CatalogueRow
from app.errors import ImportUnreadable

UNPACKED_IN_MEMORY = 16 * 2**20  # bytes of a packed file; what is more goes to a temporary file
CHUNK = 2**20
LOOKED_AT = 4_096
CONTROLS = frozenset(range(32)) - frozenset(b"\x00\t\n\v\f\r")  # that no text has
ZIPS = (b"PK\x03\x04", b"PK\x05\x06")  # the second begins one without files


class Format(StrEnum):
    """What a catalogue file can be."""

    NDJSON = "ndjson"
    TABLE = "csv"  # whatever stands between the cells
    MERCHANT = "merchant"  # XML; the tab-separated ones are tables
    PARQUET = "parquet"


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What a client says of its file; whatever it does not say is told from the content."""

    format: Format | None = None
    encoding: str | None = None  # of a table
    columns: Columns = field(default_factory=Columns)
    max_media_bytes: int  # of a picture or recording in an archive


@dataclass(frozen=True)
class CatalogueFile:
    """What is in a catalogue file."""

    rows: Iterator[CatalogueRow]
    media: Mapping[str, bytes]  # pictures and recordings by the names that rows have for them


@contextlib.contextmanager
def open_catalogue(file: BinaryIO, options: ReadOptions) -> Iterator[CatalogueFile]:
    """Opens a file: as it is, packed by gzip, or in a ZIP archive with pictures and recordings.

    Args:
        file: can be read at any place.
        options: of the client.

    Raises:
        ImportUnreadable: it cannot be read at all; the reading of rows may raise it, too.
    """
    with contextlib.ExitStack() as opened:
        media: Mapping[str, bytes] = {}
        if _starts(file).startswith(ZIPS):
            archive = Archive(file, options.max_media_bytes)
            packed = opened.enter_context(archive.open_catalogue())
            file, media = opened.enter_context(_unpacked(packed, LARGEST_CATALOGUE)), archive
        if _starts(file).startswith(b"\x1f\x8b"):
            most = most_unpacked(_size(file))
            packed = cast(BinaryIO, opened.enter_context(gzip.GzipFile(fileobj=file, mode="rb")))
            file = opened.enter_context(_unpacked(packed, most))
        yield CatalogueFile(_rows(file, options), media)


def _rows(file: BinaryIO, options: ReadOptions) -> Iterator[CatalogueRow]:
    match options.format or _format_of(_starts(file)):
        case Format.NDJSON:
            return read_ndjson(file)
        case Format.MERCHANT:
            return read_merchant(file, options.columns)
        case Format.PARQUET:
            return read_parquet(file, options.columns)
        case Format.TABLE:
            return read_delimited(file, options.encoding or encoding_of(file), options.columns)


def _format_of(start: bytes) -> Format:
    """A file's format by its beginning.

    Raises:
        ImportUnreadable: it is no text, and nothing else that we know.
    """
    if start.startswith(b"PAR1"):
        return Format.PARQUET
    is_wide = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in start
    if not is_wide and CONTROLS.intersection(start):
        raise ImportUnreadable(f"The file is none of {', '.join(Format)}, nor a ZIP archive or gzip of one.")
    text = start.removeprefix(codecs.BOM_UTF8).replace(b"\x00", b"").lstrip(b"\xff\xfe \t\r\n")
    if text.startswith(b"<"):
        return Format.MERCHANT
    return Format.NDJSON if not text or text.startswith((b"{", b"[")) else Format.TABLE


def _starts(file: BinaryIO) -> bytes:
    start = file.read(LOOKED_AT)
    file.seek(0)
    return start


def _size(file: BinaryIO) -> int:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size


@contextlib.contextmanager
def _unpacked(packed: BinaryIO, most: int) -> Iterator[BinaryIO]:
    """A packed file's content, for readers that go back and forth.

    Raises:
        ImportUnreadable: it is damaged, or has more than so many bytes.
    """
    with tempfile.SpooledTemporaryFile(UNPACKED_IN_MEMORY) as target:
        size = 0
        try:
            while chunk := packed.read(CHUNK):
                size += target.write(chunk)
                if size > most:
                    raise ImportUnreadable(f"The file unpacks to more than {most:,} bytes.")
        except DAMAGED as error:
            raise ImportUnreadable(f"The file cannot be unpacked: {error}") from error
        target.seek(0)
        yield cast(BinaryIO, target)
