"""The task that sees to what was lost or left over."""

from app.jobs.names import Task
from app.jobs.upkeep import sweep as sweep_once
from workers.celery import celery
from workers.connections import connections


@celery.task(name=str(Task.SWEEP), soft_time_limit=60, time_limit=90)
def sweep() -> None:
    """Sends again what should have happened by now."""
    sweep_once(connections().jobs)
