"""The Celery application: how every worker takes, runs and hands back tasks.

Which task modules a worker loads is named when it starts (`celery -A workers.celery worker -Q query -I
workers.tasks.search`), so that a worker without encoders never imports them.
"""

from datetime import timedelta

from celery import Celery

import workers.logs  # takes the place of Celery's own loggers
import workers.metrics_server  # before any process is forked, too
import workers.stopping  # before any process is forked
import workers.task_metrics
import workers.tracing
import workers.watch  # noqa: F401  every worker is watched
from app.jobs.client import TRANSPORT_OPTIONS, VISIBILITY_TIMEOUT, broker_url
from app.jobs.names import QUEUE_OF_TASK, Task
from app.settings import Settings

SWEEP_EVERY = timedelta(seconds=5)
DELIVER_EVERY = timedelta(seconds=2)
TIDY_EVERY = timedelta(hours=1)
REMOVE_EVERY = timedelta(minutes=1)

settings = Settings.from_env()
celery = Celery("triseek", broker=broker_url(settings.redis_url))
celery.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,  # a job's state is its row in PostgreSQL
    # A message goes when its task is done, so a worker that dies hands it back.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_soft_time_limit=VISIBILITY_TIMEOUT - 120,
    task_time_limit=VISIBILITY_TIMEOUT - 60,
    broker_transport_options=TRANSPORT_OPTIONS,
    broker_connection_retry_on_startup=True,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_proc_alive_timeout=300,  # seconds in which a process loads its weights
    worker_hijack_root_logger=True,
    # What Flower lives by; otherwise a message or more for each task that nobody reads.
    worker_enable_remote_control=settings.task_events,
    worker_send_task_events=settings.task_events,
    task_routes={str(task): {"queue": str(queue)} for task, queue in QUEUE_OF_TASK.items()},
    beat_schedule={
        "sweep": {"task": str(Task.SWEEP), "schedule": SWEEP_EVERY, "options": {"expires": 30}},
        "deliver": {"task": str(Task.DELIVER), "schedule": DELIVER_EVERY, "options": {"expires": 10}},
        "remove": {"task": str(Task.REMOVE_DUE), "schedule": REMOVE_EVERY, "options": {"expires": 30}},
        "tidy": {"task": str(Task.TIDY), "schedule": TIDY_EVERY, "options": {"expires": 600}},
    },
)
