"""Reads NDJSON: one JSON object a line."""

import json
from collections.abc import Iterator
from typing import BinaryIO

from app.catalog.formats.rows import CatalogueRow

LONGEST_LINE = 256 * 2**20  # bytes; a line holds a product with its pictures and recordings


def read_ndjson(file: BinaryIO) -> Iterator[CatalogueRow]:
    """The rows of the file, blank lines left out; a line that is no JSON object is a row with an error."""
    line = 0
    while data := file.readline(LONGEST_LINE):
        line += 1
        if len(data) == LONGEST_LINE and not data.endswith(b"\n"):
            _skip_line(file)
            yield CatalogueRow.wrong(line, f"is longer than {LONGEST_LINE // 2**20} MiB")
        elif text := data.removeprefix(b"\xef\xbb\xbf" if line == 1 else b"").strip():
            yield _row(line, text)


def _skip_line(file: BinaryIO) -> None:
    while (data := file.readline(LONGEST_LINE)) and not data.endswith(b"\n"):
        pass


def _row(line: int, text: bytes) -> CatalogueRow:
    try:
        content = json.loads(text)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        return CatalogueRow.wrong(line, f"is not JSON: {error}")
    except ValueError:
        return CatalogueRow.wrong(line, "has a number of too many digits")
    if not isinstance(content, dict):
        return CatalogueRow.wrong(line, "is not a JSON object")
    return CatalogueRow(line=line, content=content)
