"""The default encoders over the real servers: what the workers do, in this process."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.catalog import service
from app.catalog.drafts import MediaRef, ProductDraft
from app.db import jobs, tenants
from app.db.job_tables import Job
from app.search.frozen import thaw
from app.search.service import submit
from app.settings import Settings
from app.spaces.service import adopt
from app.types import JobKind, QueryPart, SearchQuery
from tests.conftest import Services
from workers.connections import Connections
from workers.embedder import Embedder
from workers.ingest import embed_products
from workers.search import run_search
from workers.towers import HeldSpaces, Towers

CATALOGUE = "shop"


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return Embedder.load(Settings(database_url="", redis_url="", media_url=""))


@dataclass(frozen=True)
class Shop:
    """A catalogue on a database of its own, and workers at hand."""

    connections: Connections
    towers: Towers
    held: HeldSpaces

    def store(self, data: bytes) -> MediaRef:
        return MediaRef(digest=self.connections.store.put(data), bytes=len(data), content_type="")

    def put(self, *drafts: ProductDraft) -> list[uuid.UUID]:
        """Uploads products without embedding them; their jobs."""
        with self.connections.jobs.transaction() as session:
            tenant = tenants.find_or_create(session, "default")
            return [service.put(session, tenant, CATALOGUE, draft).id for draft in drafts]

    def embed(self) -> None:
        """Embeds all that waits."""
        with self.connections.sessions() as session:
            tenant = tenants.find_or_create(session, "default")
            ids = [view.product.id for view in service.page(session, tenant, CATALOGUE, after=0, limit=1000)]
        embed_products(self.connections, self.held, ids)

    def upload(self, *drafts: ProductDraft) -> list[Job]:
        """Uploads products and embeds them; their jobs as they ended."""
        job_ids = self.put(*drafts)
        self.embed()
        return [self.job(job_id) for job_id in job_ids]

    def search(self, *parts: QueryPart, **options: Any) -> Job:
        """Runs a search to its end."""
        with self.connections.jobs.transaction() as session:
            tenant = tenants.find_or_create(session, "default")
            job_id = submit(session, tenant, CATALOGUE, SearchQuery(parts=parts, **options)).id
        run_search(self.connections, self.held, job_id)
        return self.job(job_id)

    def found(self, *parts: QueryPart, **options: Any) -> list[str]:
        """The SKUs that a search finds, best first."""
        job = self.search(*parts, **options)
        assert job.result is not None, job.error
        return [hit["sku"] for hit in job.result["hits"]]

    def job(self, job_id: uuid.UUID) -> Job:
        with self.connections.sessions() as session:
            job = jobs.get(session, job_id)
            assert job is not None
        if job.kind == JobKind.SEARCH and job.result is not None:
            job.result = {**job.result, "hits": thaw(job.result)}
        return job

    def view(self, sku: str) -> service.ProductView:
        with self.connections.sessions() as session:
            return service.view(session, tenants.find_or_create(session, "default"), CATALOGUE, sku)


@pytest.fixture
def shop(services: Services, embedder: Embedder) -> Iterator[Shop]:
    connections = Connections.of(services.settings)
    with connections.jobs.transaction() as session:
        space = adopt(session, embedder.space_key)
    towers = Towers(embedder=embedder, space=space)
    held = HeldSpaces(connections, embedder.parts)
    held.hold(towers)
    yield Shop(connections, towers, held)
    connections.close()
