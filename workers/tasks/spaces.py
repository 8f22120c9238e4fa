"""The tasks that build embedding spaces and need the encoders."""

from functools import cache
from uuid import UUID

from celery.signals import worker_process_shutdown

import workers.tasks.loading  # noqa: F401  what happens as a worker starts
from app.jobs.names import Task
from workers.celery import celery
from workers.connections import connections
from workers.indexing.backfill import backfill_range
from workers.indexing.pace import Pace
from workers.indexing.preparing import prepare_space
from workers.indexing.verifying import verify_space
from workers.towers import held_spaces


@celery.task(name=str(Task.PREPARE_SPACE))
def prepare(job_id: str) -> None:
    """Looks what a reindex takes, and lets its backfill begin."""
    prepare_space(connections(), held_spaces(), UUID(job_id))


@celery.task(name=str(Task.BACKFILL))
def backfill(range_id: int) -> None:
    """Embeds some products into a space."""
    backfill_range(connections(), held_spaces(), range_id, _pace().write)


@worker_process_shutdown.connect
def finish(**_: object) -> None:
    """Writes what is embedded before the process ends."""
    _pace().wait()


@cache
def _pace() -> Pace:
    """This process's own."""
    return Pace(connections())


@celery.task(name=str(Task.VERIFY_SPACE))
def verify(job_id: str) -> None:
    """Compares a space with the one that answers searches."""
    verify_space(connections(), held_spaces(), UUID(job_id))
