"""Reads merchant feeds as XML: RSS 2.0 or Atom, with the attributes of Google's product data specification.

Source: https://support.google.com/merchants/answer/7052112, product data specification.
"""

import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import create_parser

from app.catalog.formats.columns import Columns
from app.catalog.formats.rows import CatalogueRow
from app.errors import ImportUnreadable

ITEMS = ("item", "entry")  # of RSS, of Atom
CHUNK = 2**16  # bytes
DECLARED = re.compile(rb"""<\?xml[^>]{1,100}encoding=["']([A-Za-z0-9._-]{1,40})["']""")
OF_THE_PARSER = ("utf-8", "utf8", "utf-16", "iso-8859-1", "latin-1", "us-ascii", "ascii")
LONGEST_ITEM = 2**20  # characters
PER_ELEMENT = 16  # characters that an element counts for, besides its text
DEEPEST = 20  # elements in each other


def read_merchant(file: BinaryIO, columns: Columns) -> Iterator[CatalogueRow]:
    """The items of a feed; where it is no XML any more, the last row is the error.

    Raises:
        ImportUnreadable: it is no XML from the beginning, or declares entities.
    """
    parser = create_parser(forbid_dtd=True)
    items = _Items(parser)
    parser.setContentHandler(items)
    any_row = False
    try:
        for chunk in _chunks(file):
            parser.feed(chunk)
            for line, cells in items.take():
                any_row = True
                yield _row(line, cells, columns)
        parser.close()
    except DefusedXmlException as error:
        raise ImportUnreadable("The feed has a document type or entities, which are not read.") from error
    except SAXException as error:
        left = items.take()
        if not (any_row or left):
            raise ImportUnreadable(f"The feed is not XML: {error.getMessage()}.") from error
        for line, cells in left:
            yield _row(line, cells, columns)
        yield CatalogueRow.wrong(items.line, f"is where the feed stops being XML: {error.getMessage()}")
        return
    if not any_row:
        raise ImportUnreadable("The feed has no item, as RSS has them, and no entry, as Atom has them.")


def _chunks(file: BinaryIO) -> Iterator[bytes] | Iterator[str]:
    """The file's pieces: as text where it says that it is in an encoding that the parser does not know."""
    start = file.read(CHUNK)
    file.seek(0)
    said = DECLARED.match(start)
    encoding = said[1].decode().lower() if said else "utf-8"
    if encoding in OF_THE_PARSER:
        return iter(lambda: file.read(CHUNK), b"")
    try:
        text = io.TextIOWrapper(file, encoding=encoding, errors="replace")
        text.read(0)
    except (LookupError, UnicodeError) as error:
        raise ImportUnreadable(f"The feed says that it is in {encoding}, which is not known.") from error
    return iter(lambda: text.read(CHUNK), "")


def _row(line: int, cells: dict[str, Any] | None, columns: Columns) -> CatalogueRow:
    if cells is None:
        return CatalogueRow.wrong(line, f"begins an item of more than {LONGEST_ITEM:,} characters")
    return CatalogueRow(line=line, content=columns.product(cells))


class _Items(ContentHandler):
    """Gathers what stands in each item: texts by the names of their elements, groups of elements as objects."""

    def __init__(self, locator: Locator) -> None:
        super().__init__()
        self._place = locator
        self._found: list[tuple[int, dict[str, Any] | None]] = []
        self._open: list[tuple[str, dict[str, Any]]] = []  # the elements that we are in, from the item on
        self._text = ""
        self._characters = 0
        self._begins = 0

    @property
    def line(self) -> int:
        """The line that is being read, from 1."""
        return int(self._place.getLineNumber() or 1)

    def take(self) -> list[tuple[int, dict[str, Any] | None]]:
        """The items that have ended since: their first lines and cells, none if one is too long."""
        found, self._found = self._found, []
        return found

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802, ARG002  the interface's
        """An element begins."""
        if not self._open:
            if name.lower() not in ITEMS:
                return
            self._begins, self._characters = self.line, 0
        if len(self._open) == DEEPEST:
            raise SAXException(f"elements stand more than {DEEPEST} deep in each other")
        self._characters += PER_ELEMENT
        self._open.append((name, {}))
        self._text = ""

    def characters(self, content: str) -> None:
        """Text."""
        if self._open:
            self._characters += len(content)
            if self._characters <= LONGEST_ITEM:
                self._text += content

    def endElement(self, name: str) -> None:  # noqa: N802, ARG002  the interface's
        """An element ends: it is an item, a group, or a text."""
        if not self._open:
            return
        own, inner = self._open.pop()
        if not self._open:
            self._found.append((self._begins, inner if self._characters <= LONGEST_ITEM else None))
            return
        if self._characters > LONGEST_ITEM:
            return
        value: object = inner or self._text.strip()
        into = self._open[-1][1]
        own = own.removeprefix("g:")
        if own not in into:
            into[own] = value
        elif isinstance(into[own], list):
            into[own].append(value)
        else:
            into[own] = [into[own], value]
        self._text = ""
