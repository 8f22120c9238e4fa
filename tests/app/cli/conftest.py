"""A stand-in for the workers, which would need the encoders: imports are read, searches get a ready answer."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from app.catalog.importing import Importer
from app.cli.main import triseek
from app.db import jobs
from app.db.job_tables import Job
from app.db.tables import Product
from app.types import JobKind, JobState
from tests.app.conftest import Listening
from tests.conftest import Services

ANSWER: dict[str, Any] = {
    "hits": [
        {
            "product_id": 1,
            "sku": "shoe-1",
            "rank": 1,
            "score": 0.75,
            "cosine": 0.5,
            "words": 0.25,
            "relevance": 0.9,
            "exact": None,
            "contributions": [
                {
                    "query": "text",
                    "modality": "text",
                    "against": "text",
                    "similarity": 0.5,
                    "weight": 1.0,
                    "contribution": 0.5,
                }
            ],
            "attention": None,
        }
    ],
    "total": 1,
    "facets": {"colour": [{"value": "red", "count": 2}, {"value": "[b]lue", "count": 1}], "size": []},
    "notes": ["No product of the catalogue has size."],
    "scan": "exact",
    "space": 1,
    "transcript": None,
    "took_ms": {"queue": 1.0, "encode": 20.0, "sql": 3.0, "rerank": 4.0, "total": 28.0},
}
Run = Callable[..., Result]


@pytest.fixture
def worker(services: Services) -> Iterator[None]:
    """Takes queued jobs until the test ends."""
    ending = threading.Event()

    def work() -> None:
        while not ending.wait(0.05):
            with services.sessions() as session:
                queued = session.scalars(select(Job).where(Job.state == JobState.QUEUED)).all()
            for job in queued:
                _do(services, job)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    ending.set()
    thread.join()


def _do(services: Services, job: Job) -> None:
    if job.kind == JobKind.IMPORT:
        Importer(client=services.jobs, store=services.store, settings=services.settings).run(job.id)
    result = ANSWER if job.kind == JobKind.SEARCH else job.result
    embed_all(services)
    with services.sessions.begin() as session:
        jobs.finish(session, job.id, JobState.SUCCEEDED, result=result)


def embed_all(services: Services) -> None:
    """Counts every product as embedded."""
    with services.sessions.begin() as session:
        session.execute(update(Product).values(embedded_version=Product.version))


@pytest.fixture
def run(listening: Listening) -> Run:
    """Runs a `triseek` command against the test's server."""

    def invoke(*arguments: str) -> Result:
        environ = {"TRISEEK_URL": listening.url, "TRISEEK_KEY": listening.key, "COLUMNS": "200"}
        return CliRunner(env=environ).invoke(triseek, arguments)

    return invoke
