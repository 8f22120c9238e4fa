"""Imports: a stored file becomes products, batch by batch."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.catalog.batches import Batch, batches
from app.catalog.drafts import MediaRef
from app.catalog.dry_run import DryRun, Examiner
from app.catalog.formats.columns import Columns
from app.catalog.formats.reading import Format, ReadOptions, open_catalogue
from app.catalog.taking import Taking, TakingIn
from app.db import catalogues, job_errors, jobs, media, tenancy
from app.db.job_tables import Job
from app.errors import ImportAbandoned, ImportUnreadable, MediaStoreFull
from app.jobs.client import JobClient, enqueue
from app.jobs.names import import_task
from app.media.content import MEBIBYTE
from app.media.store import MediaStore
from app.settings import Settings
from app.types import JobKind, JobState

log = logging.getLogger(__name__)
MAX_TRIES = 8  # of one batch whose worker ends each time
NOTHING = {"rows": 0, "accepted": 0, "rejected": 0}


class _LeaseLost(Exception):
    """Another attempt has taken the job over, or it has ended."""


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What a client says of a file, and of what is to be done with it."""

    dry_run: bool = False
    format: Format | None = None  # told from the content unless given
    encoding: str | None = None  # of a table; the same
    columns: Mapping[str, str] = field(default_factory=dict)  # field or attribute -> the column that it is taken from


def submit(session: Session, tenant_id: int, catalogue: str, file: MediaRef, asked: ImportRequest) -> Job:
    """Queues the import of a stored file; the job ends when its last product can be found.

    A dry run makes no catalogue, and is done where the encoders are.
    """
    find = catalogues.find if asked.dry_run else catalogues.find_or_create
    catalogue_row = find(session, tenant_id, catalogue)
    media.record(session, [(file.digest, file.bytes, file.content_type)])
    job = jobs.add(
        session,
        tenant_id=tenant_id,
        catalogue_id=catalogue_row,
        kind=JobKind.IMPORT,
        request={"file": file.digest, "bytes": file.bytes, **asdict(asked)},
        total=None,
    )
    enqueue(session, import_task(job.request), [str(job.id)])
    return job


def _never() -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Importer:
    """What a worker reads imports with.

    Args:
        client: to the database and the broker.
        store: where files are, and where pictures and recordings go.
        settings: how large they may be.
        examiner: decodes what comes in a dry run.
        is_stopping: whether the worker is to end: what is left of a file is then left to another.
    """

    client: JobClient
    store: MediaStore
    settings: Settings
    examiner: Examiner | None = None
    is_stopping: Callable[[], bool] = _never

    def run(self, job_id: UUID) -> None:
        """Reads an import's file to its end, or goes on where an earlier attempt was cut off.

        How far it has come commits with each batch, together with the lease: no row is counted twice, and an attempt
        that was held up while another took over takes nothing more. After a while the rest is left to a task of its
        own.
        """
        with self.client.transaction() as session:
            job = jobs.start(session, job_id)
            if job is None or job.total is not None or not _may_try(session, job):
                return
        with tenancy.acting_for(job.tenant_id):
            self._run(job)

    def _run(self, job: Job) -> None:
        try:
            is_read = self._read(job)
        except ImportUnreadable as error:
            with self.client.transaction() as session:
                jobs.finish(session, job.id, JobState.FAILED, error=error.problem())
        except MediaStoreFull:
            log.warning("Import %s waits for room in the media store", job.id)
            _wait_for_next_lease(self.client, job)
        else:
            if is_read:
                _end(self.client, job)

    def _read(self, job: Job) -> bool:
        """Whether the file was read to its end."""
        with (
            self.store.open(job.request["file"]) as file,
            open_catalogue(file, _read_options(job, self.settings)) as found,
            self._taking(job) as taking,
        ):
            until = time.monotonic() + taking.longest
            for batch in batches(found, taking.drafter, after=(job.result or {}).get("rows", 0)):
                if not (_take(self.client, job, taking, batch) and taking.wait(self.client, job)):
                    log.info("Import %s was cancelled or taken over at line %s", job.id, batch.last_line)
                    return False
                if time.monotonic() > until or self.is_stopping():
                    _go_on_later(self.client, job)
                    return False
        return True

    @contextmanager
    def _taking(self, job: Job) -> Iterator[Taking]:
        if not job.request["dry_run"]:
            yield TakingIn(self.store, self.settings, self.is_stopping)
            return
        with TemporaryDirectory(prefix="triseek-") as folder:
            yield DryRun(self.client.sessions, self.settings, MediaStore(folder), self.examiner)


def _may_try(session: Session, job: Job) -> bool:
    """Counts another try of the next batch; False, and the job has failed, if there were too many."""
    so_far = job.result or NOTHING
    tries = so_far.get("tries", 0) + 1
    if tries > MAX_TRIES:
        reason = f"Its worker ended {MAX_TRIES} times after row {so_far['rows']}; what came before was taken."
        jobs.finish(session, job.id, JobState.FAILED, result=so_far, error=ImportAbandoned(reason).problem())
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


def _take(client: JobClient, job: Job, taking: Taking, batch: Batch) -> bool:
    """Writes a batch; False, and nothing is written, if the job has ended or another attempt has it."""
    try:
        batch, sums = taking.examine(job, batch, lambda: _renew(client, job))
        with client.transaction() as session:
            if batch.drafts:
                taking.take(session, job, batch)
            # Last, for whoever embeds takes products before jobs, too.
            current = jobs.renew(session, job.id, job.attempts)
            if current is None:
                raise _LeaseLost  # noqa: TRY301  it takes the batch back
            job_errors.add(session, job.id, [(each.line, each.sku, each.problem) for each in batch.errors])
            jobs.checkpoint(session, job.id, _counted(current, batch, sums))
            done = len(batch.drafts) if job.request["dry_run"] else 0
            jobs.advance(session, job.id, done=done, failed=len(batch.errors))
    except _LeaseLost:
        return False
    return True


def _renew(client: JobClient, job: Job) -> None:
    with client.transaction() as session:
        if jobs.renew(session, job.id, job.attempts) is None:
            raise _LeaseLost


def _go_on_later(client: JobClient, job: Job) -> None:
    with client.transaction() as session:
        if jobs.renew(session, job.id, job.attempts) is not None:
            enqueue(session, import_task(job.request), [str(job.id)])


def _counted(job: Job, batch: Batch, sums: Mapping[str, float]) -> dict[str, Any]:
    so_far = job.result or NOTHING
    return {name: so_far.get(name, 0) + value for name, value in sums.items()} | {
        "rows": so_far["rows"] + len(batch),
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
