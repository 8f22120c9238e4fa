"""The task that reads an import."""

from uuid import UUID

from app.catalog.importing import run_import
from app.jobs.names import Task
from workers.celery import celery
from workers.connections import connections


@celery.task(name=str(Task.RUN_IMPORT))
def imports(job_id: str) -> None:
    """Turns the rows of a stored file into products."""
    own = connections()
    run_import(own.jobs, own.store, own.settings, UUID(job_id))
