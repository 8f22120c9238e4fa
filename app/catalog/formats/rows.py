"""The one type of row that every reader of a catalogue file makes."""

from dataclasses import dataclass
from typing import Any

from app.errors import FieldError, RequestInvalid


@dataclass(frozen=True, kw_only=True)
class CatalogueRow:
    """One row of a catalogue file: its content, or why it has none."""

    line: int  # from 1: where it begins; in a file without lines, which row it is
    content: dict[str, Any] | None = None
    error: RequestInvalid | None = None

    @classmethod
    def wrong(cls, line: int, detail: str) -> "CatalogueRow":
        """A row that cannot be read; `detail` goes on from `Line 7 `."""
        return cls(line=line, error=RequestInvalid(f"Line {line} {detail}", [FieldError("", detail)]))
