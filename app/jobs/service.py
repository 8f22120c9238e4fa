"""Jobs as a client sees them: read, listed, cancelled, tried again."""

import base64
import binascii
import datetime
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.db import job_errors, jobs
from app.db.job_tables import Job, JobError
from app.errors import FieldError, ImportAbandoned, JobFinished, JobUnknown, JobUnretriable, RequestInvalid
from app.jobs.client import enqueue
from app.jobs.names import import_task
from app.types import JobState


@dataclass(frozen=True, kw_only=True)
class JobPage:
    """Some of a tenant's jobs, newest first, and where the next ones begin."""

    jobs: list[Job]
    next_cursor: str | None


def find(session: Session, tenant_id: int, job_id: str) -> Job:
    """A tenant's job.

    Raises:
        JobUnknown: there is none of this id.
    """
    try:
        job = jobs.find(session, tenant_id, uuid.UUID(job_id))
    except ValueError:
        job = None
    if job is None:
        raise JobUnknown(f"There is no job {job_id!r}.")
    return job


def page(
    session: Session, tenant_id: int, *, states: Sequence[str], kinds: Sequence[str], cursor: str | None, limit: int
) -> JobPage:
    """A page of a tenant's jobs.

    Raises:
        RequestInvalid: the cursor is not one that a page gave.
    """
    before = None if cursor is None else _read_cursor(cursor)
    found = jobs.page(session, tenant_id, states=states, kinds=kinds, before=before, limit=limit + 1)
    more = found[limit:]
    return JobPage(jobs=found[:limit], next_cursor=_write_cursor(found[limit - 1]) if more else None)


def cancel(session: Session, tenant_id: int, job_id: str) -> Job:
    """Cancels an open job.

    Raises:
        JobUnknown: there is none of this id.
        JobFinished: it has ended already.
    """
    job = find(session, tenant_id, job_id)
    if not jobs.finish(session, job.id, JobState.CANCELLED):
        raise JobFinished(f"Job {job_id} is {job.state} already.")
    session.refresh(job)
    return job


def retry(session: Session, tenant_id: int, job_id: str) -> Job:
    """Lets an import go on that was given up, because its workers ended again and again.

    Raises:
        JobUnknown: there is none of this id.
        JobUnretriable: it is none that was given up.
    """
    job = find(session, tenant_id, job_id)
    if (job.error or {}).get("type") != ImportAbandoned().problem()["type"]:
        way_out = "triseek products retry tries products again; what was wrong in a file must be sent anew"
        raise JobUnretriable(f"Job {job_id} is {job.state}: only an import that was given up goes on. {way_out}.")
    jobs.reopen(session, job.id)
    enqueue(session, import_task(job.request), [str(job.id)])
    session.refresh(job)
    return job


def errors(session: Session, tenant_id: int, job_id: str, *, after: int, limit: int) -> list[JobError]:
    """What was wrong with rows or products of a job, past the error of this id."""
    return job_errors.page(session, find(session, tenant_id, job_id).id, after=after, limit=limit)


def _write_cursor(job: Job) -> str:
    return base64.urlsafe_b64encode(json.dumps([job.created_at.isoformat(), str(job.id)]).encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime.datetime, uuid.UUID]:
    try:
        created_at, job_id = json.loads(base64.urlsafe_b64decode(cursor))
        return datetime.datetime.fromisoformat(created_at), uuid.UUID(job_id)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        wrong = FieldError("/cursor", "is not a cursor that a page of jobs gave")
        raise RequestInvalid("The cursor is wrong.", [wrong]) from error
