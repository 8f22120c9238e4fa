"""Imports: a stored file becomes products, batch by batch."""

import itertools
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy.orm import Session

from app.catalog import service
from app.catalog.drafting import Drafter
from app.catalog.drafts import MediaRef, ProductDraft
from app.catalog.formats.ndjson import CatalogueRow, read_ndjson
from app.catalog.pointers import request_invalid
from app.catalog.schema import ProductSchema
from app.db import catalogues, jobs, media
from app.db.tables import Job
from app.errors import ImportUnreadable, TriseekError
from app.jobs.client import JobClient, enqueue
from app.jobs.names import Task
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


def submit(session: Session, tenant_id: int, catalogue: str, file: MediaRef, *, dry_run: bool) -> Job:
    """Queues the import of a stored NDJSON file; the job ends when its last product can be found."""
    catalogue_row = catalogues.find_or_create(session, tenant_id, catalogue)
    media.record(session, [(file.digest, file.bytes, file.content_type)])
    job = jobs.add(
        session,
        tenant_id=tenant_id,
        catalogue_id=catalogue_row,
        kind=JobKind.IMPORT,
        request={"file": file.digest, "bytes": file.bytes, "dry_run": dry_run},
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
    come_to = (job.result or {}).get("lines", 0)
    with store.open(job.request["file"]) as file:
        rows = (row for row in read_ndjson(file) if row.line > come_to)
        for batch in _batches(rows, drafter):
            if not _take(client, job, batch):
                log.info("Import %s was cancelled at line %s", job_id, batch.last_line)
                return
    _end(client, job_id)


def _batches(rows: Iterable[CatalogueRow], drafter: Drafter) -> Iterable[_Batch]:
    iterator = iter(rows)
    while taken := list(itertools.islice(iterator, BATCH)):
        batch = _Batch(last_line=taken[-1].line)
        for row in taken:
            try:
                batch.drafts.append(_draft(row, drafter))
            except TriseekError as error:
                sku = (row.content or {}).get("sku")
                batch.errors.append((row.line, sku if isinstance(sku, str) else None, error.problem()))
        yield batch


def _draft(row: CatalogueRow, drafter: Drafter) -> ProductDraft:
    if row.error is not None:
        raise row.error
    try:
        return drafter.draft(ProductSchema().load(row.content or {}))
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
