"""Imports: a stored file becomes products, batch by batch."""

import itertools
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy.orm import Session

from app.catalog import service
from app.catalog.drafting import Drafter
from app.catalog.drafts import MediaRef, ProductDraft
from app.catalog.formats.columns import Columns
from app.catalog.formats.reading import CatalogueFile, Format, ReadOptions, open_catalogue
from app.catalog.formats.rows import CatalogueRow
from app.catalog.pointers import request_invalid
from app.catalog.schema import ProductSchema
from app.db import catalogues, jobs, media
from app.db.tables import Job
from app.errors import ImportUnreadable, TriseekError
from app.jobs.client import JobClient, enqueue
from app.jobs.names import Task
from app.media.content import MEBIBYTE
from app.media.store import MediaStore
from app.settings import Settings
from app.types import JobKind, JobState

log = logging.getLogger(__name__)
BATCH = 64  # rows in one transaction


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """Some rows of a file, checked."""

    last_line: int
    drafts: list[ProductDraft] = field(default_factory=list)
    errors: list[tuple[int | None, str | None, Mapping[str, Any]]] = field(default_factory=list)  # line, SKU, problem


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What a client says of a file, and of what is to be done with it."""

    dry_run: bool = False
    format: Format | None = None  # told from the content unless given
    encoding: str | None = None  # of a table; the same
    columns: Mapping[str, str] = field(default_factory=dict)  # field or attribute -> the column that it is taken from


def submit(session: Session, tenant_id: int, catalogue: str, file: MediaRef, asked: ImportRequest) -> Job:
    """Queues the import of a stored file; the job ends when its last product can be found."""
    catalogue_row = catalogues.find_or_create(session, tenant_id, catalogue)
    media.record(session, [(file.digest, file.bytes, file.content_type)])
    job = jobs.add(
        session,
        tenant_id=tenant_id,
        catalogue_id=catalogue_row,
        kind=JobKind.IMPORT,
        request={"file": file.digest, "bytes": file.bytes, **asdict(asked)},
        total=None,
    )
    enqueue(session, Task.RUN_IMPORT, [str(job.id)])
    return job


def run_import(client: JobClient, store: MediaStore, settings: Settings, job_id: UUID) -> None:
    """Reads an import's file to its end, or goes on where an earlier attempt was cut off.

    How far it has come commits with each batch, so no row is counted twice.
    """
    with client.transaction() as session:
        job = jobs.start(session, job_id)
    if job is None:
        return
    drafter = Drafter(store, settings)
    try:
        with store.open(job.request["file"]) as file, open_catalogue(file, _read_options(job, settings)) as found:
            for batch in _batches(found, drafter, after=(job.result or {}).get("lines", 0)):
                if not _take(client, job, batch):
                    log.info("Import %s was cancelled at line %s", job_id, batch.last_line)
                    return
    except ImportUnreadable as error:
        with client.transaction() as session:
            jobs.finish(session, job_id, JobState.FAILED, error=error.problem())
        return
    _end(client, job_id)


def _read_options(job: Job, settings: Settings) -> ReadOptions:
    asked = job.request
    return ReadOptions(
        format=Format(asked["format"]) if asked["format"] else None,
        encoding=asked["encoding"],
        columns=Columns(asked["columns"]),
        max_media_bytes=settings.max_media_mb * MEBIBYTE,
    )


def _batches(found: CatalogueFile, drafter: Drafter, after: int) -> Iterable[_Batch]:
    iterator = (row for row in found.rows if row.line > after)
    while taken := list(itertools.islice(iterator, BATCH)):
        batch = _Batch(last_line=taken[-1].line)
        for row in taken:
            try:
                batch.drafts.append(_draft(row, drafter, found.media))
            except TriseekError as error:
                sku = (row.content or {}).get("sku")
                batch.errors.append((row.line, sku if isinstance(sku, str) else None, error.problem()))
        yield batch


def _draft(row: CatalogueRow, drafter: Drafter, media: Mapping[str, bytes]) -> ProductDraft:
    if row.error is not None:
        raise row.error
    try:
        return drafter.draft(ProductSchema().load(row.content or {}), media)
    except ValidationError as error:
        raise request_invalid(error) from error


def _take(client: JobClient, job: Job, batch: _Batch) -> bool:
    with client.transaction() as session:
        current = jobs.get(session, job.id)
        if current is None or JobState(current.state).is_final:
            return False
        rows = _counted(current, batch)
        if job.request["dry_run"]:
            jobs.advance(session, job.id, done=len(batch.drafts))
        elif batch.drafts:
            service.put_batch(session, int(current.catalogue_id or 0), job.id, batch.drafts)
        jobs.add_errors(session, job.id, batch.errors)
        jobs.advance(session, job.id, failed=len(batch.errors))
        jobs.checkpoint(session, job.id, rows)
    return True


def _counted(job: Job, batch: _Batch) -> dict[str, Any]:
    so_far = job.result or {"rows": 0, "accepted": 0, "rejected": 0}
    return {
        "rows": so_far["rows"] + len(batch.drafts) + len(batch.errors),
        "accepted": so_far["accepted"] + len(batch.drafts),
        "rejected": so_far["rejected"] + len(batch.errors),
        "lines": batch.last_line,
        "dry_run": job.request["dry_run"],
    }


def _end(client: JobClient, job_id: UUID) -> None:
    with client.transaction() as session:
        job = jobs.get(session, job_id)
        if job is None or JobState(job.state).is_final:
            return
        if job.result is None:
            jobs.finish(session, job_id, JobState.FAILED, error=ImportUnreadable("The file has no rows.").problem())
        else:
            jobs.set_total(session, job_id, job.result["rows"])
