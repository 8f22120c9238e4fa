"""A shop whose spaces are built by hand, step by step as the workers do."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from app.db import catalogues, embeddings, media, tenants
from app.db.job_tables import Job
from app.db.space_tables import BackfillRange, EmbeddingSpace
from app.spaces import packing, reindex, service
from app.spaces.indexing import clear_space, index_space
from app.types import Modality, QueryPart
from tests.end_to_end.conftest import CATALOGUE, Shop
from workers.indexing.backfill import backfill_range
from workers.indexing.preparing import prepare_space
from workers.vectors import read_halfvec

COUNT = 5
RED_LAMP = QueryPart(name="text", modality=Modality.TEXT, text="red lamp")


@dataclass(frozen=True)
class Reindexing:
    """A shop whose spaces are built by hand."""

    shop: Shop
    artifact: str

    def submit(self, artifact: str | None = None, **options: Any) -> uuid.UUID:
        asked = {"places": "", "dim": None, "catalogue": None, "only": None, "dry_run": False} | options
        with self.shop.connections.jobs.transaction() as session:
            tenant = tenants.find_or_create(session, "default")
            return reindex.submit(session, tenant, artifact=artifact or self.artifact, **asked).id

    def prepare(self, job_id: uuid.UUID) -> Job:
        prepare_space(self.shop.connections, self.shop.held, job_id)
        return self.shop.job(job_id)

    def ranges(self) -> Sequence[int]:
        with self.shop.connections.sessions() as session:
            return session.scalars(select(BackfillRange.id).order_by(BackfillRange.id)).all()

    def backfill(self) -> None:
        while ranges := self.ranges():
            backfill_range(self.shop.connections, self.shop.held, ranges[0])

    def index(self, job_id: uuid.UUID) -> None:
        own = self.shop.connections
        index_space(own.owner, own.jobs, job_id, memory_mb=64, processes=1)

    def run(self, artifact: str | None = None, **options: Any) -> Job:
        job_id = self.submit(artifact, **options)
        self.prepare(job_id)
        self.backfill()
        self.index(job_id)
        return self.shop.job(job_id)

    def space(self, space_id: int) -> EmbeddingSpace:
        with self.shop.connections.sessions() as session:
            return service.find(session, space_id)

    def vectors(self, space_id: int) -> dict[tuple[str, str, int], np.ndarray]:
        """By SKU, modality and ordinal."""
        with self.shop.connections.sessions() as session:
            catalogue = catalogues.find_or_create(session, 1, CATALOGUE)
            ids = {self.shop.view(sku).product.id: sku for sku in SKUS}
            rows = embeddings.tokens(session, self.space(space_id), catalogue, list(ids))
            return {(ids[row.product_id], row.modality, row.ordinal): read_halfvec(row.vector) for row in rows}

    def change(self, action: str, *arguments: Any) -> EmbeddingSpace:
        with self.shop.connections.jobs.transaction() as session:
            space: EmbeddingSpace = getattr(service, action)(session, *arguments)
            return space

    def clear(self, space_id: int) -> None:
        """Retires a space, and removes what it has."""
        self.change("retire", space_id)
        clear_space(self.shop.connections.owner, self.shop.connections.jobs, space_id)


SKUS = [f"p{number}" for number in range(COUNT)]


def stored(shop: Shop, folder: Path) -> str:
    ref = packing.stored(shop.connections.store, folder)
    with shop.connections.sessions.begin() as session:
        media.record(session, [(ref.digest, ref.bytes, ref.content_type)])
    return ref.digest


def space_of(job: Job) -> int:
    assert job.result is not None, job.error
    return int(job.result["space"])
