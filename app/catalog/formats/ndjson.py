"""Reads NDJSON: one JSON object a line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from app.errors import FieldError, RequestInvalid

LONGEST_LINE = 256 * 2**20  # bytes; a line holds a product with its pictures and recordings


@dataclass(frozen=True, kw_only=True)
class CatalogueRow:
    """One row of a catalogue file: its content, or why it has none."""

    line: int  # from 1
    content: dict[str, Any] | None = None
    error: RequestInvalid | None = None


def read_ndjson(file: BinaryIO) -> Iterator[CatalogueRow]:
    """The rows of the file, blank lines left out; a line that is no JSON object is a row with an error."""
    line = 0
    while data := file.readline(LONGEST_LINE):
        line += 1
        if text := data.removeprefix(b"\xef\xbb\xbf" if line == 1 else b"").strip():
            yield _row(line, text)


def _row(line: int, text: bytes) -> CatalogueRow:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        wrong = RequestInvalid(f"Line {line} is not JSON: {error}", [FieldError("", "is not JSON")])
        return CatalogueRow(line=line, error=wrong)
    if not isinstance(content, dict):
        wrong = RequestInvalid(f"Line {line} is not a JSON object.", [FieldError("", "is not a JSON object")])
        return CatalogueRow(line=line, error=wrong)
    return CatalogueRow(line=line, content=content)
