"""The tasks that bring products in: they read imports, and fetch what clients gave the addresses of."""

from uuid import UUID

from app.catalog.fetching import fetch_media
from app.catalog.importing import Importer
from app.jobs.names import Task
from workers.celery import celery
from workers.connections import connections
from workers.stopping import is_stopping


@celery.task(name=str(Task.RUN_IMPORT))
def imports(job_id: str) -> None:
    """Turns the rows of a stored file into products."""
    own = connections()
    Importer(client=own.jobs, store=own.store, settings=own.settings, is_stopping=is_stopping).run(UUID(job_id))


@celery.task(name=str(Task.FETCH_MEDIA))
def fetch(product_ids: list[int]) -> None:
    """Fetches the pictures and recordings that these products lack."""
    own = connections()
    fetch_media(own.jobs, own.store, own.settings, product_ids)
