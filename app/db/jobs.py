"""Statements over jobs: made, begun, told how far they are, ended."""

import datetime
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Text, case, cast, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, defer

from app.db import webhooks
from app.db.job_tables import Job, JobError
from app.types import JobKind, JobState

CHANNEL = "triseek_jobs"  # NOTIFY carries the id of a job that ended
OPEN = (JobState.QUEUED, JobState.RUNNING)
COUNTED = (JobKind.EMBED, JobKind.IMPORT)  # that end with the last of their products
WOKEN = func.pg_notify(CHANNEL, cast(Job.id, Text))  # of a row that is updated: told once this commits


def add(
    session: Session,
    *,
    tenant_id: int,
    catalogue_id: int | None,
    kind: JobKind,
    request: Mapping[str, Any],
    total: int | None,
    job_id: uuid.UUID | None = None,
) -> Job:
    """Adds a queued job, of this id if one is given."""
    job = Job(
        id=job_id or uuid.uuid4(),
        tenant_id=tenant_id,
        catalogue_id=catalogue_id,
        kind=kind,
        request=dict(request),
        total=total,
    )
    session.add(job)
    session.flush()  # which also reads what the database filled in
    return job


def find(session: Session, tenant_id: int, job_id: uuid.UUID) -> Job | None:
    """A tenant's job."""
    return session.scalars(select(Job).where(Job.tenant_id == tenant_id, Job.id == job_id)).first()


def get(session: Session, job_id: uuid.UUID) -> Job | None:
    """A job, for a worker."""
    return session.get(Job, job_id)


def page(
    session: Session,
    tenant_id: int,
    *,
    states: Sequence[str],
    kinds: Sequence[str],
    before: tuple[datetime.datetime, uuid.UUID] | None,
    limit: int,
) -> list[Job]:
    """A tenant's jobs, newest first, without their results."""
    wanted = select(Job).options(defer(Job.result)).where(Job.tenant_id == tenant_id)
    if states:
        wanted = wanted.where(Job.state.in_(states))
    if kinds:
        wanted = wanted.where(Job.kind.in_(kinds))
    if before is not None:
        wanted = wanted.where(tuple_(Job.created_at, Job.id) < tuple_(*before))
    return list(session.scalars(wanted.order_by(Job.created_at.desc(), Job.id.desc()).limit(limit)))


def start(session: Session, job_id: uuid.UUID) -> Job | None:
    """Marks an open job as running, one attempt more, under a new lease; None if it has ended or is unknown."""
    return session.scalars(
        update(Job)
        .where(Job.id == job_id, Job.state.in_(OPEN))
        .values(
            state=JobState.RUNNING,
            attempts=Job.attempts + 1,
            queued_at=func.clock_timestamp(),
            started_at=func.coalesce(Job.started_at, func.clock_timestamp()),
        )
        .returning(Job)
        .execution_options(populate_existing=True)
    ).first()


def lock(session: Session, job_ids: Collection[uuid.UUID]) -> None:
    """Locks jobs until the transaction ends, in one order everywhere: two transactions never wait for each other."""
    session.execute(select(Job.id).where(Job.id.in_(job_ids)).order_by(Job.id).with_for_update())


def renew(session: Session, job_id: uuid.UUID, attempt: int) -> Job | None:
    """Renews the lease of an attempt and locks the job; None if it has ended, or another attempt has taken it over."""
    return session.scalars(
        update(Job)
        .where(Job.id == job_id, Job.state.in_(OPEN), Job.attempts == attempt)
        .values(queued_at=func.clock_timestamp())
        .returning(Job)
        .execution_options(populate_existing=True)
    ).first()


def finish(
    session: Session,
    job_id: uuid.UUID,
    state: JobState,
    *,
    result: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
) -> bool:
    """Ends an open job and wakes whoever waits for it when this commits; False if it had ended before."""
    ended = session.scalars(
        update(Job)
        .where(Job.id == job_id, Job.state.in_(OPEN))
        .values(state=state, result=result, error=error, finished_at=func.clock_timestamp())
        .returning(Job.id, WOKEN)
    ).first()
    if ended is None:
        return False
    webhooks.announce(session, job_id)
    return True


def reopen(session: Session, job_id: uuid.UUID) -> None:
    """Lets an import that was given up be read on, from where its last rows were committed."""
    so_far = Job.result.op("||")(cast({"tries": 0}, JSONB))
    session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.FAILED)
        .values(state=JobState.QUEUED, error=None, finished_at=None, result=so_far, queued_at=func.clock_timestamp())
    )


def finish_as_it_is(
    session: Session, job_id: uuid.UUID, state: JobState, *, error: Mapping[str, Any] | None = None
) -> bool:
    """Ends an open job as `finish` does, with the result that it has so far."""
    so_far = session.scalars(select(Job.result).where(Job.id == job_id)).first()
    return finish(session, job_id, state, result=so_far, error=error)


def touch(session: Session, job_id: uuid.UUID) -> Job | None:
    """Says that an open job is being worked on, by however many at once; None if it has ended."""
    return session.scalars(
        update(Job)
        .where(Job.id == job_id, Job.state.in_(OPEN))
        .values(queued_at=func.clock_timestamp())
        .returning(Job)
        .execution_options(populate_existing=True)
    ).first()


def recent_searches(session: Session, catalogue_ids: Sequence[int], most: int) -> list[Job]:
    """The latest searches of these catalogues that succeeded, each request once, without their results."""
    wanted = (
        select(Job)
        .options(defer(Job.result))
        .where(Job.kind == JobKind.SEARCH, Job.state == JobState.SUCCEEDED, Job.catalogue_id.in_(catalogue_ids))
        .order_by(Job.created_at.desc())
        .limit(4 * most)
    )
    latest: dict[str, Job] = {}
    for job in session.scalars(wanted):
        latest.setdefault(f"{job.catalogue_id} {sorted(job.request.items())}", job)
    return list(latest.values())[:most]


def amend(
    session: Session,
    job_id: uuid.UUID,
    *,
    request: Mapping[str, Any] | None = None,
    result: Mapping[str, Any] | None = None,
) -> None:
    """Changes some of the values of an open job's request, and of its result so far."""
    changed = {
        "request": Job.request.op("||")(cast(dict(request or {}), JSONB)),
        "result": func.coalesce(Job.result, cast({}, JSONB)).op("||")(cast(dict(result or {}), JSONB)),
    }
    session.execute(update(Job).where(Job.id == job_id, Job.state.in_(OPEN)).values(**changed))


def set_expected(session: Session, job_id: uuid.UUID, total: int) -> None:
    """States how much a job has to do that does not end when all is counted."""
    session.execute(update(Job).where(Job.id == job_id).values(total=total))


def set_done(session: Session, job_id: uuid.UUID, done: int) -> None:
    """States how much one worker has done of a job that does not end when all is counted."""
    session.execute(update(Job).where(Job.id == job_id).values(done=done))


def advance(session: Session, job_id: uuid.UUID, *, done: int = 0, failed: int = 0, encoded: int = 0) -> None:
    """Counts products of a job as done or failed, and contents that went through an encoder; ends it with its last."""
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(
            done=Job.done + done,
            failed=Job.failed + failed,
            encoded=Job.encoded + encoded,
            state=case((Job.state == JobState.QUEUED, JobState.RUNNING), else_=Job.state),
            started_at=func.coalesce(Job.started_at, func.clock_timestamp()),
        )
    )
    _end_if_complete(session, job_id)


def set_total(session: Session, job_id: uuid.UUID, total: int) -> None:
    """States how many products or rows the job has, and ends it if they are all counted."""
    session.execute(update(Job).where(Job.id == job_id).values(total=total))
    _end_if_complete(session, job_id)


def _end_if_complete(session: Session, job_id: uuid.UUID) -> None:
    all_failed = (Job.failed == Job.total) & (Job.total > 0)
    ended = session.scalars(
        update(Job)
        .where(Job.id == job_id, Job.kind.in_(COUNTED), Job.state.in_(OPEN), Job.total <= Job.done + Job.failed)
        .values(
            state=case((all_failed, JobState.FAILED), else_=JobState.SUCCEEDED),
            error=case((all_failed, _first_problem(job_id)), else_=None),
            finished_at=func.clock_timestamp(),
        )
        .returning(Job.id, WOKEN)
    ).first()
    if ended is not None:
        webhooks.announce(session, job_id)


def _first_problem(job_id: uuid.UUID) -> Any:  # noqa: ANN401  a scalar subquery has no narrower public type
    first = select(JobError.problem).where(JobError.job_id == job_id).order_by(JobError.id).limit(1)
    return first.scalar_subquery()


def checkpoint(session: Session, job_id: uuid.UUID, result: Mapping[str, Any]) -> None:
    """Keeps how far an open job has come, as its result so far."""
    session.execute(update(Job).where(Job.id == job_id).values(result=result))
