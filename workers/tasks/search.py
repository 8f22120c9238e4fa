"""The task that runs a search."""

from uuid import UUID

from celery.signals import worker_process_init

from app.jobs.names import Task
from workers.celery import celery
from workers.connections import connections
from workers.search import run_search
from workers.towers import towers


@worker_process_init.connect
def load(**_: object) -> None:
    """Loads the encoders before the first task."""
    towers()


@celery.task(name=str(Task.RUN_SEARCH), soft_time_limit=60, time_limit=90)
def search(job_id: str) -> None:
    """Runs a search, unless it has ended or was cancelled."""
    run_search(connections(), towers(), UUID(job_id))
