"""The task that runs a search."""

from uuid import UUID

from celery.signals import worker_process_init

import workers.tasks.loading  # noqa: F401  what happens as a worker starts
from app.jobs.names import Task
from workers.celery import celery
from workers.connections import connections
from workers.freed import give_back
from workers.preloading import preload
from workers.replaying import replay_search
from workers.search import run_search
from workers.towers import held_spaces


@worker_process_init.connect
def start(**_: object) -> None:
    """Loads what searches may soon ask for: what reads recordings, and spaces."""
    held = held_spaces()
    held.parts.load_transcriber()
    give_back()
    preload(connections(), held)


@celery.task(name=str(Task.RUN_SEARCH), soft_time_limit=60, time_limit=90)
def search(job_id: str) -> None:
    """Runs a search, unless it has ended or was cancelled."""
    run_search(connections(), held_spaces(), UUID(job_id))


@celery.task(name=str(Task.REPLAY_SEARCH), soft_time_limit=60, time_limit=90)
def replay(job_id: str) -> None:
    """Does a finished search once more, and says what changed."""
    replay_search(connections(), held_spaces(), UUID(job_id))
