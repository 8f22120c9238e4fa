"""Counts and times the tasks of a worker's processes."""

import time

from celery.signals import task_postrun, task_prerun, worker_process_init

from app.jobs.names import Task
from workers.metrics import forget_predecessor, metrics

NAMES = frozenset(Task)
OUTCOMES = {"SUCCESS": "succeeded", "FAILURE": "failed"}  # by Celery's states
OTHER = "other"  # Celery's own tasks, and ends: no label is what a message says
_started: dict[str, float] = {}  # the tasks that run in this process


@worker_process_init.connect
def begin_anew(**_: object) -> None:
    """Takes back what another process left at this one's place."""
    forget_predecessor()


@task_prerun.connect
def start(task_id: str, task: object, **_: object) -> None:
    """Counts that a task begins."""
    _started[task_id] = time.perf_counter()
    metrics().tasks_started.labels(_name(task)).inc()


@task_postrun.connect
def end(task_id: str, task: object, state: str | None = None, **_: object) -> None:
    """Counts that it ended, how, and after how long."""
    started = _started.pop(task_id, None)
    if started is not None:
        outcome = OUTCOMES.get(state or "", OTHER)
        metrics().task_seconds.labels(_name(task), outcome).observe(time.perf_counter() - started)


def _name(task: object) -> str:
    name = getattr(task, "name", "")
    return name if name in NAMES else OTHER
