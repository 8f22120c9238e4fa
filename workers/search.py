"""Runs the jobs of searches: answers them and freezes what was found."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from opentelemetry import trace
from opentelemetry.trace import SpanKind
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from app.context import name_job, on_behalf_of
from app.db import jobs, open_jobs, tenancy
from app.db.durability import need_not_wait
from app.db.job_tables import Job
from app.db.ranking_statement import Scan
from app.db.replica import Replica
from app.errors import SearchAbandoned, SearchFailed, TriseekError
from app.jobs.client import enqueue
from app.jobs.names import Task
from app.search.service import read_query
from app.spaces import service as spaces
from app.types import JobKind, JobState, QueryPart
from workers.answering import Answered, answer
from workers.connections import Connections
from workers.metrics import metrics
from workers.query import embed_ahead
from workers.towers import HeldSpaces

log = logging.getLogger(__name__)
TRACER = trace.get_tracer(__name__)
MAX_ATTEMPTS = 3
AT_ONCE = 2  # searches of a batch that are in SQL or re-ranked
CHECKED_EVERY = 100  # of the searches by approximate scans, which are repeated exactly


def run_search(connections: Connections, held: HeldSpaces, job_id: UUID) -> None:
    """Runs a search job to its end, unless it has ended or was cancelled, and with it others that wait.

    Nobody waits for a batch to fill: it is what came while the last one was answered. Its contents go through the
    encoders together, and while the database looks for one, another is re-ranked.
    """
    with connections.jobs.transaction() as session:
        need_not_wait(session)  # a search that a crash takes back is run again
        batch = open_jobs.start_with_waiting(session, job_id, JobKind.SEARCH, connections.settings.query_batch - 1)
    if not batch:  # it went with another: messages must not pile up behind those that take more than their own
        return
    metrics().search_batch.observe(len(batch))
    if len(batch) < 2:
        for job in batch:
            _run(connections, held, job)
        return
    _embed_ahead(connections, held, batch)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun = [pool.submit(copy_context().run, _run_apart, connections, held, job) for job in batch]
    for each in begun:
        each.result()


def _embed_ahead(connections: Connections, held: HeldSpaces, batch: Sequence[Job]) -> None:
    by_catalogue: dict[int, list[QueryPart]] = defaultdict(list)
    for job in batch:
        by_catalogue[cast(int, job.catalogue_id)] += read_query(job.request).parts
    for catalogue_id, parts in by_catalogue.items():
        try:
            with connections.sessions() as session:
                towers = held.of(spaces.answering(session, catalogue_id))
            embed_ahead(connections.store, towers, parts)
        except Exception:
            # Each search says itself what is wrong with it.
            log.exception("Searches of catalogue %s are embedded one by one", catalogue_id)


def _run_apart(connections: Connections, held: HeldSpaces, job: Job) -> None:
    """Runs one of a batch, in a thread of its own, on behalf of the request that asked for it."""
    with on_behalf_of(job.origin), TRACER.start_as_current_span("answer in a batch", kind=SpanKind.CONSUMER):
        name_job(job.id)
        _run(connections, held, job)


def _run(connections: Connections, held: HeldSpaces, job: Job) -> None:
    with tenancy.acting_for(job.tenant_id):
        _answer(connections, held, job)


def _answer(connections: Connections, held: HeldSpaces, job: Job) -> None:
    result, problem = _outcome(connections, held, job)
    state = JobState.SUCCEEDED if problem is None else JobState.FAILED
    with connections.jobs.transaction() as session:
        need_not_wait(session)  # as above
        jobs.finish(session, job.id, state, result=result, error=problem)
        if result is not None and result["scan"] == Scan.APPROXIMATE and job.id.int % CHECKED_EVERY == 0:
            enqueue(session, Task.CHECK_RECALL, [str(job.id)])


def _outcome(
    connections: Connections, held: HeldSpaces, job: Job
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    if job.attempts > MAX_ATTEMPTS:
        return None, SearchAbandoned().problem()
    try:
        replica = connections.replica
        on_replica = None
        if replica is not None and replica.has_seen(job.created_at):
            on_replica = _by_replica(replica, connections, held, job)
        answered = on_replica or _answered(connections.sessions, connections, held, job)
        queued = (cast(datetime, job.started_at) - job.created_at).total_seconds()
        document = answered.document(queued)
        _observe(document["took_ms"])
        return document | {"replica": on_replica is not None}, None
    except TriseekError as error:
        return None, error.problem()
    except Exception:
        # Whatever happens, the job ends and says so: somebody waits for it.
        log.exception("Search %s failed", job.id)
        return None, SearchFailed().problem()


def _observe(took_ms: Mapping[str, float]) -> None:
    for stage, milliseconds in took_ms.items():
        metrics().search_seconds.labels(stage).observe(milliseconds / 1000)


def _by_replica(replica: Replica, connections: Connections, held: HeldSpaces, job: Job) -> Answered | None:
    """The answer of the standby; None where it has none: it was interrupted, or lacks what it is asked by."""
    try:
        return _answered(replica.sessions, connections, held, job)
    except (DBAPIError, TriseekError) as error:
        log.info("The replica did not answer search %s, the primary does: %s", job.id, type(error).__name__)
        return None


def _answered(sessions: sessionmaker[Session], connections: Connections, held: HeldSpaces, job: Job) -> Answered:
    """The answer of one database, which also says which space it has."""
    catalogue_id = cast(int, job.catalogue_id)
    with sessions() as session:
        towers = held.of(spaces.answering(session, catalogue_id))
        return answer(session, connections.store, towers, catalogue_id, read_query(job.request))
