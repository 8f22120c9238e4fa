"""Requests that wait for a job to end."""

import re
import threading
import time

from flask import request

from app.db.job_tables import Job
from app.http.services import THREADS, services
from app.http.tokens import own_job
from app.types import JobState

LONGEST = 60.0  # seconds
LOOK_EVERY = 2.0  # seconds; a wake-up may be lost
SEATS = THREADS - 16  # the other threads stay free for those who do not wait
_seats = threading.BoundedSemaphore(SEATS)


def preferred_wait() -> float:
    """How many seconds the client wants to wait: `Prefer: wait=10` (RFC 7240); 0 where it does not say or say right."""
    found = re.search(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})", request.headers.get("Prefer", ""), re.IGNORECASE)
    return min(float(found.group(1)), LONGEST) if found else 0.0


def wait_for(job_id: str, seconds: float) -> Job:
    """A job once it has ended, or as it is after this many seconds.

    No database connection is held meanwhile. When too many wait already, the job is answered as it is.

    Raises:
        JobUnknown: there is none of this id.
    """
    job = _read(job_id)
    if seconds <= 0 or JobState(job.state).is_final or not _seats.acquire(blocking=False):
        return job
    try:
        return _wait(job, until=time.monotonic() + seconds)
    finally:
        _seats.release()


def _wait(job: Job, *, until: float) -> Job:
    ended = services().watcher.subscribe(job.id)
    try:
        job = _read(str(job.id))  # it may have ended before the subscription
        while _is_worth_it(job) and (left := until - time.monotonic()) > 0:
            ended.wait(min(left, LOOK_EVERY))
            job = _read(str(job.id))
        return job
    finally:
        services().watcher.unsubscribe(job.id, ended)


def _is_worth_it(job: Job) -> bool:
    """Whether the job goes on, and so does this process."""
    return not JobState(job.state).is_final and not services().stopping.is_set()


def _read(job_id: str) -> Job:
    with services().sessions() as session:
        return own_job(session, job_id)
