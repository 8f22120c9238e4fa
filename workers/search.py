"""Runs the jobs of searches: answers them and freezes what was found."""

import logging
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from app.db import jobs
from app.db.job_tables import Job
from app.db.ranking_statement import Scan
from app.errors import SearchAbandoned, SearchFailed, TriseekError
from app.jobs.client import enqueue
from app.jobs.names import Task
from app.search.service import read_query
from app.spaces import service as spaces
from app.types import JobState
from workers.answering import answer
from workers.connections import Connections
from workers.towers import HeldSpaces

log = logging.getLogger(__name__)
MAX_ATTEMPTS = 3
CHECKED_EVERY = 100  # of the searches by approximate scans, which are repeated exactly


def run_search(connections: Connections, held: HeldSpaces, job_id: UUID) -> None:
    """Runs a search job to its end, unless it has ended or was cancelled."""
    with connections.jobs.transaction() as session:
        job = jobs.start(session, job_id)
    if job is None:
        return
    result, problem = _outcome(connections, held, job)
    state = JobState.SUCCEEDED if problem is None else JobState.FAILED
    with connections.jobs.transaction() as session:
        jobs.finish(session, job_id, state, result=result, error=problem)
        if result is not None and result["scan"] == Scan.APPROXIMATE and job_id.int % CHECKED_EVERY == 0:
            enqueue(session, Task.CHECK_RECALL, [str(job_id)])


def _outcome(
    connections: Connections, held: HeldSpaces, job: Job
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    if job.attempts > MAX_ATTEMPTS:
        return None, SearchAbandoned().problem()
    try:
        with connections.sessions() as session:
            catalogue_id = cast(int, job.catalogue_id)
            towers = held.of(spaces.answering(session, catalogue_id))
            answered = answer(session, connections.store, towers, catalogue_id, read_query(job.request))
        queued = (cast(datetime, job.started_at) - job.created_at).total_seconds()
        return answered.document(queued), None
    except TriseekError as error:
        return None, error.problem()
    except Exception:
        # Whatever happens, the job ends and says so: somebody waits for it.
        log.exception("Search %s failed", job.id)
        return None, SearchFailed().problem()
