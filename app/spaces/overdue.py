"""Sees to reindexes that should have got on by now."""

from datetime import timedelta

from app.db import backfill, open_jobs
from app.jobs.client import JobClient, enqueue, enqueue_again
from app.jobs.names import Task
from app.types import JobKind

# The task that takes a reindex on, by the phase that it is in; ranges of a backfill are seen to one by one.
TASK_OF_PHASE = {None: Task.PREPARE_SPACE, "indexes": Task.INDEX_SPACE}


def sweep_spaces(client: JobClient, *, queued: timedelta, running: timedelta, most: int) -> None:
    """Sends again what is overdue.

    Args:
        client: sends.
        queued: how long anything may wait for a worker.
        running: in which a worker would have shown that it is still at work.
        most: of one kind, at once.
    """
    with client.transaction() as session:
        for job in open_jobs.requeue_overdue(session, JobKind.REINDEX, queued=queued, running=running, limit=most):
            task = TASK_OF_PHASE.get((job.result or {}).get("phase"))
            if task is not None:
                enqueue_again(session, task, job)
    with client.transaction() as session:
        for job in open_jobs.requeue_overdue(session, JobKind.VERIFY, queued=queued, running=running, limit=most):
            enqueue_again(session, Task.VERIFY_SPACE, job)
    with client.transaction() as session:
        overdue = backfill.requeue_overdue(session, queued=queued, running=running, limit=most)
        enqueue(session, Task.BACKFILL, *[[range_id] for range_id in overdue])
