"""Has workers and beat log as the settings say, each record with the request, job and task that it is about."""

import logging
from collections.abc import Sequence
from typing import Any

from celery.signals import setup_logging, task_postrun, task_prerun
from celery.utils.log import get_multiprocessing_logger

from app import context, logs
from app.context import REQUEST_ID, Context
from app.jobs.names import OF_JOBS
from app.settings import log_format_from_env


@setup_logging.connect
def configure(loglevel: int, **_: object) -> None:
    """Takes the place of Celery's own loggers, in the worker's process and in those that it forks."""
    logs.configure(log_format_from_env(), level=loglevel)
    of_pool = get_multiprocessing_logger()
    of_pool.propagate = True  # else its lines would have a format of their own
    of_pool.setLevel(logging.ERROR)  # as with Celery's loggers: it tells every step


@task_prerun.connect
def begin(task: Any, args: Sequence[Any], **_: object) -> None:  # noqa: ANN401  Celery's have no types
    """Says what the task's work is for, as its message told."""
    job_id = str(args[0]) if task.name in OF_JOBS else None
    context.begin(Context(request_id=getattr(task.request, REQUEST_ID, None), job_id=job_id, task=task.name))


@task_postrun.connect
def end(**_: object) -> None:
    """Says that it has ended."""
    context.end()
