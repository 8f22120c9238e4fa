"""Statements over what waits for a worker."""

from dataclasses import dataclass

from sqlalchemy import Boolean, func, select
from sqlalchemy.orm import Session

from app.db.job_tables import Job
from app.db.products import IN_STATE
from app.db.tables import Product
from app.types import EmbeddingState, JobKind, JobState

PENDING = IN_STATE[EmbeddingState.PENDING]
LOOKED_AT = 1_000  # of the pending products, those that were queued first, for the oldest


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How much waits, and for how long the oldest has."""

    count: int
    seconds: float  # 0 where nothing waits


def jobs(session: Session) -> dict[tuple[JobKind, bool], Waiting]:
    """Jobs that no worker has begun, by kind and whether they are dry runs; those of products are not told here."""
    is_dry = func.coalesce(Job.request["dry_run"].astext.cast(Boolean), False).label("is_dry")
    age = func.extract("epoch", func.now() - func.min(Job.created_at)).label("age")
    rows = session.execute(
        select(Job.kind, is_dry, func.count().label("waiting"), age)
        .where(Job.state == JobState.QUEUED, Job.kind != JobKind.EMBED)
        .group_by(Job.kind, is_dry)
    )
    return {
        (JobKind(row.kind), row.is_dry): Waiting(count=row.waiting, seconds=max(0.0, float(row.age))) for row in rows
    }


def products(session: Session) -> Waiting:
    """Products that wait to be embedded, or are being embedded."""
    first = select(Product.updated_at).where(PENDING).order_by(Product.queued_at).limit(LOOKED_AT).subquery()
    age = func.extract("epoch", func.now() - func.min(first.c.updated_at))
    count = session.scalars(select(func.count()).select_from(Product).where(PENDING)).one()
    return Waiting(count=count, seconds=max(0.0, float(session.scalars(select(age)).one() or 0)))
