"""Statements over what deleted products leave behind."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from app.db.job_tables import Job
from app.db.tables import Removal
from app.types import JobState

# Of a frozen hit, see app.search.frozen; of one that was frozen before hits were rows, by its name.
PRODUCT = "coalesce(hit ->> 0, hit ->> 'product_id')"


def add(
    session: Session,
    *,
    tenant_id: int,
    catalogue_id: int,
    product_id: int,
    sku: str,
    digests: Sequence[str],
    document: Mapping[str, Any] | None,
    after: datetime.timedelta,
) -> None:
    """Notes that a product was deleted; what is left of it is removed after this time."""
    values = {
        "tenant_id": tenant_id,
        "catalogue_id": catalogue_id,
        "product_id": product_id,
        "sku": sku,
        "digests": list(digests),
        "document": document,
        "due_at": func.now() + after,
    }
    session.execute(insert(Removal).values(**values))


def due(session: Session, most: int) -> list[Removal]:
    """Products that were deleted long enough ago, locked so that one process sees to them."""
    late = select(Removal).where(Removal.due_at <= func.now()).order_by(Removal.due_at).limit(most)
    return list(session.scalars(late.with_for_update(skip_locked=True)))


def restorable(session: Session, catalogue_id: int, sku: str) -> Removal | None:
    """The latest product of this SKU that can be brought back."""
    own = (Removal.catalogue_id == catalogue_id, Removal.sku == sku, Removal.document.is_not(None))
    return session.scalars(select(Removal).where(*own).order_by(Removal.id.desc()).limit(1).with_for_update()).first()


def remove(session: Session, ids: Sequence[int]) -> None:
    """Forgets these."""
    session.execute(delete(Removal).where(Removal.id.in_(ids)))


def of_catalogue(session: Session, catalogue_id: int, sku: str | None) -> list[Removal]:
    """Products of a catalogue that were deleted and are not wholly removed; of one SKU if told."""
    own = select(Removal).where(Removal.catalogue_id == catalogue_id)
    return list(session.scalars(own if sku is None else own.where(Removal.sku == sku)))


def strip_results(session: Session, catalogue_id: int, product_ids: Sequence[int]) -> int:
    """Takes products out of the frozen answers of a catalogue's searches; of how many."""
    stripped = text(f"""
UPDATE jobs SET result = jsonb_set(result, '{{hits}}', coalesce((
    SELECT jsonb_agg(hit ORDER BY place) FROM jsonb_array_elements(result -> 'hits') WITH ORDINALITY AS h (hit, place)
    WHERE NOT CAST({PRODUCT} AS bigint) = ANY (:products)
), '[]'))
WHERE catalogue_id = :catalogue AND kind = 'search' AND jsonb_typeof(result -> 'hits') = 'array' AND EXISTS (
    SELECT FROM jsonb_array_elements(result -> 'hits') AS hit
    WHERE CAST({PRODUCT} AS bigint) = ANY (:products)
)
RETURNING id
""")  # noqa: S608  a constant
    return len(session.execute(stripped, {"catalogue": catalogue_id, "products": list(product_ids)}).all())


def count_results(session: Session, catalogue_id: int, product_ids: Sequence[int]) -> int:
    """How many frozen answers of a catalogue's searches show any of these products."""
    shown = text(f"""
SELECT count(*) FROM jobs
WHERE catalogue_id = :catalogue AND kind = 'search' AND jsonb_typeof(result -> 'hits') = 'array' AND EXISTS (
    SELECT FROM jsonb_array_elements(result -> 'hits') AS hit
    WHERE CAST({PRODUCT} AS bigint) = ANY (:products)
)
""")  # noqa: S608  a constant
    return int(session.execute(shown, {"catalogue": catalogue_id, "products": list(product_ids)}).scalar_one())


def remove_errors(session: Session, catalogue_id: int, skus: Sequence[str]) -> int:
    """Removes what jobs of a catalogue say was wrong with these products; how many."""
    gone = text("""
DELETE FROM job_errors USING jobs
WHERE jobs.id = job_id AND jobs.catalogue_id = :catalogue AND sku = ANY (:skus) RETURNING job_errors.id
""")
    return len(session.execute(gone, {"catalogue": catalogue_id, "skus": list(skus)}).all())


def remove_jobs(session: Session, tenant_id: int, but: uuid.UUID) -> int:
    """Removes all jobs of a tenant but one; how many."""
    gone = delete(Job).where(Job.tenant_id == tenant_id, Job.id != but).returning(Job.id)
    return len(session.scalars(gone).all())


def remove_old_jobs(session: Session, age: datetime.timedelta, most: int) -> int:
    """Removes jobs that ended longer ago than this, with what they found; how many."""
    final = [state for state in JobState if state.is_final]
    old = select(Job.id).where(Job.state.in_(final), Job.finished_at < func.now() - age).limit(most)
    return len(session.scalars(delete(Job).where(Job.id.in_(old)).returning(Job.id)).all())
