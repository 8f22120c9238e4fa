"""Statements over jobs that have not ended."""

import datetime

from sqlalchemy import cast, exists, func, or_, select, text, update
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


def start_waiting(session: Session, kind: JobKind, most: int) -> list[Job]:
    """Marks as running, as `start` does, up to so many jobs that wait for their first attempt, oldest first.

    A search whose pictures are to be fetched does not wait for this.
    """
    waiting = (
        select(Job.id)
        .where(Job.kind == kind, Job.state == JobState.QUEUED, Job.attempts == 0)
        .where(~func.jsonb_path_exists(Job.request, cast(UNFETCHED, JSONPATH)))
        .order_by(Job.queued_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    now = func.clock_timestamp()
    started = {"state": JobState.RUNNING, "attempts": 1, "queued_at": now, "started_at": now}
    return list(session.scalars(update(Job).where(Job.id.in_(waiting)).values(**started).returning(Job)))
