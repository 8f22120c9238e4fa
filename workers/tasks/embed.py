"""The task that embeds products."""

from celery.signals import worker_process_init

from app.jobs.names import Task
from workers.celery import celery
from workers.connections import connections
from workers.ingest import embed_products
from workers.towers import towers


@worker_process_init.connect
def load(**_: object) -> None:
    """Loads the encoders before the first task."""
    towers()


@celery.task(name=str(Task.EMBED_PRODUCTS))
def embed(product_ids: list[int]) -> None:
    """Embeds those of these products that wait."""
    embed_products(connections(), towers(), product_ids)
