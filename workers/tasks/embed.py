"""The tasks that need the encoders and that nobody waits for."""

import os
from uuid import UUID

from celery.signals import worker_init

import workers.tasks.loading  # noqa: F401  what happens as a worker starts
from app.catalog.importing import Importer
from app.jobs.names import Task
from workers.celery import celery
from workers.connections import connections
from workers.examiner import examiner
from workers.ingest import embed_products
from workers.recall import check_recall
from workers.stopping import is_stopping
from workers.towers import held_spaces

NICE = 10  # of 19


@worker_init.connect
def yield_to_searches(**_: object) -> None:
    """Lets whatever else runs on this machine go first: somebody waits for a search, nobody for an embedding."""
    os.nice(NICE)


@celery.task(name=str(Task.EMBED_PRODUCTS))
def embed(product_ids: list[int]) -> None:
    """Embeds those of these products that wait."""
    embed_products(connections(), held_spaces(), product_ids)


@celery.task(name=str(Task.CHECK_IMPORT))
def check(job_id: str) -> None:
    """Reads an import without taking anything: a dry run, which needs to decode what comes."""
    own = connections()
    importer = Importer(
        client=own.jobs, store=own.store, settings=own.settings, examiner=examiner(), is_stopping=is_stopping
    )
    importer.run(UUID(job_id))


@celery.task(name=str(Task.CHECK_RECALL))
def recall(job_id: str) -> None:
    """Checks whether a search by approximate scans found the best products."""
    check_recall(connections(), held_spaces(), UUID(job_id))
