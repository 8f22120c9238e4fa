"""Statements over jobs that have not ended."""

import datetime
import uuid

from sqlalchemy import cast, exists, func, or_, select, text, union_all, update
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from app.db.job_tables import Job
from app.db.jobs import OPEN
from app.types import JobKind, JobState

UNFETCHED = "$.parts[*] ? (@.url != null && @.media == null)"  # of a search's request


def of_kind(session: Session, kind: JobKind) -> list[Job]:
    """Those of this kind."""
    return list(session.scalars(select(Job).where(Job.kind == kind, Job.state.in_(OPEN))))


def are_there(session: Session, kind: JobKind) -> bool:
    """Whether there is any of this kind."""
    return session.scalars(select(exists().where(Job.kind == kind, Job.state.in_(OPEN)))).one()


def count(session: Session) -> dict[str, int]:
    """How many there are, by kind, of all tenants."""
    counted = session.execute(text("SELECT what, sum(count) FROM waiting GROUP BY what"))
    return {what: int(number) for what, number in counted}


def requeue_overdue(
    session: Session, kind: JobKind, *, queued: datetime.timedelta, running: datetime.timedelta, limit: int
) -> list[Job]:
    """Takes open jobs of this kind that have waited or run for longer than these.

    An import that has been read to its end waits for its products, and for no worker.
    """
    waits = (Job.state == JobState.QUEUED) & (Job.queued_at < func.now() - queued)
    runs = (Job.state == JobState.RUNNING) & (func.greatest(Job.queued_at, Job.started_at) < func.now() - running)
    overdue = (
        select(Job.id)
        .where(Job.kind == kind, or_(waits, runs), or_(Job.kind != JobKind.IMPORT, Job.total.is_(None)))
        .order_by(Job.queued_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(update(Job).where(Job.id.in_(overdue)).values(queued_at=func.now()).returning(Job)))


def start_with_waiting(session: Session, job_id: uuid.UUID, kind: JobKind, most: int) -> list[Job]:
    """Marks a job as running, as `start` does, and with it up to so many that wait, each for its first attempt.

    None goes with one that was begun before: it may be what ended its worker. A search whose pictures are to be
    fetched does not wait for this.

    Returns:
        The job itself first; nothing if it has ended or is unknown.
    """
    # The job itself is locked first, and none is waited for that another worker has: they never wait for each other.
    own = select(Job.id, Job.attempts).where(Job.id == job_id, Job.state.in_(OPEN)).with_for_update().cte("own")
    waiting = (
        select(Job.id)
        .where(Job.kind == kind, Job.state == JobState.QUEUED, Job.attempts == 0, Job.id != job_id)
        .where(select(own.c.id).where(own.c.attempts == 0).exists())
        .where(~func.jsonb_path_exists(Job.request, cast(UNFETCHED, JSONPATH)))
        .order_by(Job.queued_at)
        .limit(most)
        .with_for_update(of=Job, skip_locked=True)
        .cte("waiting")
    )
    now = func.clock_timestamp()
    started = (
        update(Job)
        .where(Job.id.in_(union_all(select(own.c.id), select(waiting.c.id))))
        .values(
            state=JobState.RUNNING,
            attempts=Job.attempts + 1,
            queued_at=now,
            started_at=func.coalesce(Job.started_at, now),
        )
        .returning(Job)
        .execution_options(populate_existing=True)
    )
    return sorted(session.scalars(started), key=lambda job: job.id != job_id)
