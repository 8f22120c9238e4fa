"""Imports: a stored file becomes products, batch by batch."""

import itertools
import logging
import time
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
from app.db import catalogues, embeddings, jobs, media
from app.db.tables import Job
from app.errors import ImportAbandoned, ImportUnreadable, MediaStoreFull, TriseekError
from app.jobs.client import JobClient, enqueue
from app.jobs.names import Task
from app.media.content import MEBIBYTE
from app.media.store import MediaStore
from app.settings import Settings
from app.types import JobKind, JobState

log = logging.getLogger(__name__)
BATCH = 64  # rows in one transaction
SLICE = 600.0  # seconds that one task reads; others wait meanwhile
MOST_PENDING = 2_000  # products that may wait to be embedded before more are read: the file waits, not the broker
MAX_TRIES = 8  # of one batch whose worker ends each time
NOTHING = {"rows": 0, "accepted": 0, "rejected": 0}
PAUSE = 0.5  # seconds between two looks


class _LeaseLost(Exception):
    """Another attempt has taken the job over, or it has ended."""


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

    How far it has come commits with each batch, together with the lease: no row is counted twice, and an attempt that
    was held up while another took over takes nothing more. After `SLICE` the rest is left to a task of its own.
    """
    with client.transaction() as session:
        job = jobs.start(session, job_id)
        if job is None or job.total is not None or not _may_try(session, job):
            return
    drafter, until = Drafter(store, settings), time.monotonic() + SLICE
    try:
        with store.open(job.request["file"]) as file, open_catalogue(file, _read_options(job, settings)) as found:
            for batch in _batches(found, drafter, after=(job.result or {}).get("rows", 0)):
                if not (_take(client, job, batch) and _wait_for_room(client, job)):
                    log.info("Import %s was cancelled or taken over at line %s", job_id, batch.last_line)
                    return
                if time.monotonic() > until:
                    _go_on_later(client, job)
                    return
    except ImportUnreadable as error:
        with client.transaction() as session:
            jobs.finish(session, job_id, JobState.FAILED, error=error.problem())
        return
    except MediaStoreFull:
        log.warning("Import %s waits for room in the media store", job_id)
        _wait_for_next_lease(client, job)
        return
    _end(client, job)


def _may_try(session: Session, job: Job) -> bool:
    """Counts another try of the next batch; False, and the job has failed, if there were too many."""
    so_far = job.result or NOTHING
    tries = so_far.get("tries", 0) + 1
    if tries > MAX_TRIES:
        reason = f"Its worker ended {MAX_TRIES} times after row {so_far['rows']}; what came before was taken."
        jobs.finish(session, job.id, JobState.FAILED, error=ImportAbandoned(reason).problem())
        return False
    jobs.checkpoint(session, job.id, so_far | {"tries": tries})
    return True


def _wait_for_next_lease(client: JobClient, job: Job) -> None:
    """Leaves the next batch to another attempt, of which this one is none: it is not the file's fault."""
    with client.transaction() as session:
        current = jobs.renew(session, job.id, job.attempts)
        if current is not None and current.result is not None:
            jobs.checkpoint(session, job.id, current.result | {"tries": 0})


def _read_options(job: Job, settings: Settings) -> ReadOptions:
    asked = job.request
    return ReadOptions(
        format=Format(asked["format"]) if asked.get("format") else None,
        encoding=asked.get("encoding"),
        columns=Columns(asked.get("columns", {})),
        max_media_bytes=settings.max_media_mb * MEBIBYTE,
    )


def _batches(found: CatalogueFile, drafter: Drafter, after: int) -> Iterable[_Batch]:
    iterator = itertools.islice(found.rows, after, None)  # several rows may stand on one line
    while taken := list(itertools.islice(iterator, BATCH)):
        batch = _Batch(last_line=taken[-1].line)
        for row in taken:
            try:
                batch.drafts.append(_draft(row, drafter, found.media))
            except MediaStoreFull:
                raise
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
    """Writes a batch; False, and nothing is written, if the job has ended or another attempt has it."""
    try:
        with client.transaction() as session:
            if batch.drafts and not job.request["dry_run"]:
                service.put_batch(session, int(job.catalogue_id or 0), job.id, batch.drafts)
            # Last, for whoever embeds takes products before jobs, too.
            current = jobs.renew(session, job.id, job.attempts)
            if current is None:
                raise _LeaseLost  # noqa: TRY301  it takes the batch back
            rows = _counted(current, batch)
            jobs.add_errors(session, job.id, batch.errors)
            jobs.checkpoint(session, job.id, rows)
            done = len(batch.drafts) if job.request["dry_run"] else 0
            jobs.advance(session, job.id, done=done, failed=len(batch.errors))
    except _LeaseLost:
        return False
    return True


def _wait_for_room(client: JobClient, job: Job) -> bool:
    """Waits while many products wait to be embedded; False if the job has ended or another attempt has it."""
    while True:
        with client.transaction() as session:
            if embeddings.count_pending(session, MOST_PENDING) < MOST_PENDING:
                return True
            if jobs.renew(session, job.id, job.attempts) is None:
                return False
        time.sleep(PAUSE)


def _go_on_later(client: JobClient, job: Job) -> None:
    with client.transaction() as session:
        if jobs.renew(session, job.id, job.attempts) is not None:
            enqueue(session, Task.RUN_IMPORT, [str(job.id)])


def _counted(job: Job, batch: _Batch) -> dict[str, Any]:
    so_far = job.result or NOTHING
    return {
        "rows": so_far["rows"] + len(batch.drafts) + len(batch.errors),
        "accepted": so_far["accepted"] + len(batch.drafts),
        "rejected": so_far["rejected"] + len(batch.errors),
        "lines": batch.last_line,
        "dry_run": job.request["dry_run"],
    }


def _end(client: JobClient, job: Job) -> None:
    with client.transaction() as session:
        current = jobs.renew(session, job.id, job.attempts)
        if current is None:
            return
        read = {name: value for name, value in (current.result or NOTHING).items() if name != "tries"}
        jobs.checkpoint(session, job.id, read)
        if read["rows"]:
            jobs.set_total(session, job.id, read["rows"])
        else:
            jobs.finish(session, job.id, JobState.FAILED, error=ImportUnreadable("The file has no rows.").problem())
