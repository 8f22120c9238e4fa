"""Requests that wait for a job to end."""

import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import request

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


def wait_for(job_id: str, seconds: float) -> None:
    """Returns once a job has ended, or after this many seconds; at once when too many wait already.

    No database connection is held meanwhile.

    Raises:
        JobUnknown: there is none of this id.
    """
    if not _has_ended(job_id) and seconds > 0:
        with expecting(uuid.UUID(job_id), seconds) as ended:
            if not _has_ended(job_id):  # before it was listened for
                ended.wait()


@contextmanager
def expecting(job_id: uuid.UUID, seconds: float) -> Iterator["Expected"]:
    """A job whose end is listened for in the block, where it may still be made; at most for so many seconds."""
    if seconds <= 0 or not _seats.acquire(blocking=False):
        yield Expected(job_id, None, 0.0)
        return
    try:
        ended = services().watcher.subscribe(job_id)
        try:
            yield Expected(job_id, ended, time.monotonic() + seconds)
        finally:
            services().watcher.unsubscribe(job_id, ended)
    finally:
        _seats.release()


@dataclass(frozen=True)
class Expected:
    """A job whose end somebody waits for."""

    job_id: uuid.UUID
    ended: threading.Event | None  # nobody waits without
    until: float  # on the monotonic clock

    def wait(self) -> None:
        """Returns once the job has ended, time is over, or this process is to end."""
        while self.ended is not None and (left := self.until - time.monotonic()) > 0:
            if self.ended.wait(min(left, LOOK_EVERY)) or services().stopping.is_set() or _has_ended(str(self.job_id)):
                return


def _has_ended(job_id: str) -> bool:
    with services().sessions() as session:
        return JobState(own_job(session, job_id).state).is_final
