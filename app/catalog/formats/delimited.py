"""Reads tables of text, CSV and TSV, whose first line names the columns."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, Self

from app.catalog.formats.columns import Columns
from app.catalog.formats.encoding import REPLACED
from app.catalog.formats.rows import CatalogueRow
from app.errors import ImportUnreadable

LONGEST_LINE = 2**20  # characters
LONGEST_CELL = 2**18
LOOKED_AT = 2**16  # characters that tell what stands between cells
ENDS = ("\n", "\r")
DELIMITERS = ",;\t|"
csv.field_size_limit(LONGEST_CELL)


def read_delimited(file: BinaryIO, encoding: str, columns: Columns) -> Iterator[CatalogueRow]:
    """The rows below the first; one with too many or too few cells is a row with an error.

    Raises:
        ImportUnreadable: the first line names no column, or one twice, or not one that is asked for; or the encoding
            is another one.
    """
    try:
        with io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="") as text:
            start = text.read(LOOKED_AT)
            lines = _Lines(start, text)
            rows = csv.reader(lines, _dialect(start), strict=True)
            names = _names(rows, lines)
            columns.check(names)
            yield from _rows(rows, lines, names, columns)
    except UnicodeError as error:
        raise ImportUnreadable(f"The file is not in the encoding {encoding}: {error}.") from error


class _Lines:
    """The lines of a table, cut off where one is too long; those of a row that went wrong can be read again."""

    def __init__(self, start: str, rest: io.TextIOBase) -> None:
        self._sources = [io.StringIO(start, newline=""), rest]
        self._waiting: deque[str] = deque()
        self._of_row: list[str] = []
        self.number = 0
        self.too_long = 0  # the last one that was

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._line()
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) >= LONGEST_LINE:
            self.too_long = self.number
        self._of_row.append(line)
        return line

    def begin_row(self) -> int:
        """The number of the line that comes next."""
        self._of_row.clear()
        return self.number + 1

    def after_first(self) -> None:
        """Goes back to the second line of the row: a quote that nobody closed takes no more than its own."""
        again = self._of_row[1:]
        self._waiting.extendleft(reversed(again))
        self.number -= len(again)
        self.too_long = 0

    def _line(self) -> str:
        line = ""
        for source in self._sources:
            line += source.readline(LONGEST_LINE)
            if line.endswith(ENDS):
                return line
            if len(line) >= LONGEST_LINE:
                while (more := source.readline(LONGEST_LINE)) and not more.endswith(ENDS):
                    pass
                return line
        return line


def _dialect(start: str) -> type[csv.Dialect]:
    try:
        found = csv.Sniffer().sniff(start, DELIMITERS)
    except csv.Error:  # one column, or too few lines to tell
        found = csv.excel_tab if "\t" in start.partition("\n")[0] else csv.excel
    found.doublequote = True  # the sniffer takes it for off where no quote stands within quotes
    return found


def _names(rows: Iterator[list[str]], lines: _Lines) -> list[str]:
    try:
        names = [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        raise ImportUnreadable(f"The first line does not name columns: {error}.") from error
    if lines.too_long:
        raise ImportUnreadable(f"The first line has more than {LONGEST_LINE:,} characters.")
    if not any(names):
        raise ImportUnreadable("The first line names no column.")
    if twice := {name for name in names if name and names.count(name) > 1}:
        raise ImportUnreadable(f"The first line names the column {min(twice)!r} twice.")
    return names


def _reason(error: csv.Error) -> str:
    if "field limit" in str(error):
        return f"has a cell of more than {LONGEST_CELL:,} characters"
    return f"cannot be read as a table: {error}"


def _rows(rows: Iterator[list[str]], lines: _Lines, names: list[str], columns: Columns) -> Iterator[CatalogueRow]:
    while True:
        line = lines.begin_row()
        try:
            cells = next(rows, None)
        except csv.Error as error:
            lines.after_first()
            yield CatalogueRow.wrong(line, _reason(error))
            continue
        if cells is None:
            return
        if lines.too_long >= line:
            yield CatalogueRow.wrong(line, f"has more than {LONGEST_LINE:,} characters")
        elif any(REPLACED in cell for cell in cells):
            yield CatalogueRow.wrong(line, "has bytes that are not of the file's encoding")
        elif len(cells) == len(names):
            content = columns.product({name: cell.strip() for name, cell in zip(names, cells, strict=True) if name})
            yield CatalogueRow(line=line, content=content)
        elif any(cell.strip() for cell in cells):
            yield CatalogueRow.wrong(line, f"has {len(cells)} cells; the first line names {len(names)} columns")
