"""The rows of a catalogue file, checked and made into drafts, some at a time."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError

from app.catalog.drafting import Drafter
from app.catalog.drafts import ProductDraft
from app.catalog.formats.reading import CatalogueFile
from app.catalog.formats.rows import CatalogueRow
from app.catalog.pointers import request_invalid
from app.catalog.schema import ProductSchema
from app.errors import MediaStoreFull, TriseekError

BATCH = 64  # rows in one transaction


@dataclass(frozen=True)
class RowError:
    """What is wrong with a row."""

    line: int
    sku: str | None
    problem: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some rows of a file: what each is to be, or what is wrong with it."""

    last_line: int
    drafts: list[tuple[int, ProductDraft]] = field(default_factory=list)  # with their lines
    errors: list[RowError] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.drafts) + len(self.errors)


def batches(found: CatalogueFile, drafter: Drafter, after: int) -> Iterator[Batch]:
    """The rows of a file after so many.

    Raises:
        ImportUnreadable: the file cannot be read on.
        MediaStoreFull: a picture or recording found no room.
    """
    iterator = itertools.islice(found.rows, after, None)  # several rows may stand on one line
    while taken := list(itertools.islice(iterator, BATCH)):
        batch = Batch(last_line=taken[-1].line)
        for row in taken:
            try:
                batch.drafts.append((row.line, _draft(row, drafter, found.media)))
            except MediaStoreFull:
                raise
            except TriseekError as error:
                sku = (row.content or {}).get("sku")
                batch.errors.append(RowError(row.line, sku if isinstance(sku, str) else None, error.problem()))
        yield batch


def _draft(row: CatalogueRow, drafter: Drafter, media: Mapping[str, bytes]) -> ProductDraft:
    if row.error is not None:
        raise row.error
    try:
        return drafter.draft(ProductSchema().load(row.content or {}), media)
    except ValidationError as error:
        raise request_invalid(error) from error
