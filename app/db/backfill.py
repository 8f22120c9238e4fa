"""Statements over backfills: which products are still to be embedded into a space, and who is at work on which."""

import datetime
import uuid

from sqlalchemy import ColumnElement, case, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from app.db.job_tables import Job
from app.db.space_tables import BackfillRange, EmbeddingSpace
from app.db.tables import Product


def begin(session: Session, space: EmbeddingSpace, catalogue_id: int | None) -> None:
    """Lets the backfill of a space end with the newest product: those to come are embedded into it as they come.

    Args:
        session: the transaction.
        space: that products are embedded into.
        catalogue_id: whose products alone; None for all.
    """
    newest = session.scalars(select(func.coalesce(func.max(Product.id), 0)).where(*_own(catalogue_id))).one()
    session.execute(update(EmbeddingSpace).where(EmbeddingSpace.id == space.id).values(backfilled_id=0, last_id=newest))
    session.execute(delete(BackfillRange).where(BackfillRange.space_id == space.id))
    session.refresh(space)


def count_left(session: Session, space: EmbeddingSpace, catalogue_id: int | None) -> int:
    """How many products are still to be embedded into a space, those that somebody is at work on among them."""
    past = select(func.count()).select_from(Product).where(*_own(catalogue_id), Product.id > (space.backfilled_id or 0))
    if space.last_id is not None:
        past = past.where(Product.id <= space.last_id)
    in_ranges = (
        select(func.count())
        .select_from(Product)
        .join(BackfillRange, Product.id.between(BackfillRange.first_id, BackfillRange.last_id))
        .where(BackfillRange.space_id == space.id, *_own(catalogue_id))
    )
    return session.scalars(past).one() + session.scalars(in_ranges).one()


def lock(session: Session, space_id: int) -> EmbeddingSpace | None:
    """A space as it is now, of whose products nobody else gives any out until the transaction ends."""
    chosen = select(EmbeddingSpace).where(EmbeddingSpace.id == space_id).with_for_update(key_share=True)
    return session.scalars(chosen.execution_options(populate_existing=True)).first()


def give_out(session: Session, space: EmbeddingSpace, job: Job, size: int) -> int | None:
    """Makes a range of the next products, `size` at most, of a locked space; its id, None if there are no more."""
    after, last = space.backfilled_id or 0, space.last_id or 0
    following = (
        select(Product.id)
        .where(*_own(job.catalogue_id), Product.id > after, Product.id <= last)
        .order_by(Product.id)
        .limit(size)
    ).subquery()
    first_id, last_id = session.execute(select(func.min(following.c.id), func.max(following.c.id))).one()
    if first_id is None:
        return None
    space.backfilled_id = last_id
    values = {"space_id": space.id, "job_id": job.id, "first_id": first_id, "last_id": last_id}
    return session.scalars(insert(BackfillRange).values(**values).returning(BackfillRange.id)).one()


def lease(session: Session, range_id: int) -> BackfillRange | None:
    """Takes a range for one attempt more; None if it is done."""
    return session.scalars(
        update(BackfillRange)
        .where(BackfillRange.id == range_id)
        .values(attempts=BackfillRange.attempts + 1, queued_at=func.clock_timestamp())
        .returning(BackfillRange)
        .execution_options(populate_existing=True)
    ).first()


def renew(session: Session, leased: BackfillRange) -> None:
    """Renews the lease that an attempt still has."""
    own = (BackfillRange.id == leased.id, BackfillRange.attempts == leased.attempts)
    session.execute(update(BackfillRange).where(*own).values(queued_at=func.clock_timestamp()))


def finish(session: Session, leased: BackfillRange) -> bool:
    """Removes a range that is done; False if another attempt has it, or nobody any more."""
    own = (BackfillRange.id == leased.id, BackfillRange.attempts == leased.attempts)
    return session.scalars(delete(BackfillRange).where(*own).returning(BackfillRange.id)).first() is not None


def products_of(session: Session, leased: BackfillRange, catalogue_id: int | None) -> list[Product]:
    """The products of a range, in the order of their ids."""
    between = Product.id.between(leased.first_id, leased.last_id)
    return list(session.scalars(select(Product).where(*_own(catalogue_id), between).order_by(Product.id)))


def are_left(session: Session, space_id: int) -> bool:
    """Whether anybody is, or is to be, at work on products of a space."""
    return session.scalars(select(exists().where(BackfillRange.space_id == space_id))).one()


def take_over(session: Session, space_id: int, job_id: uuid.UUID) -> list[int]:
    """Lets what was being worked on under another job be done under this one; the ranges' ids."""
    return list(
        session.scalars(
            update(BackfillRange)
            .where(BackfillRange.space_id == space_id)
            .values(job_id=job_id, attempts=0, queued_at=func.clock_timestamp())
            .returning(BackfillRange.id)
        )
    )


def forget(session: Session, space_id: int) -> None:
    """Ends the backfill of a space, whoever is at work on it."""
    session.execute(delete(BackfillRange).where(BackfillRange.space_id == space_id))


def requeue_overdue(
    session: Session, *, queued: datetime.timedelta, running: datetime.timedelta, limit: int
) -> list[int]:
    """Takes up to `limit` ranges that have waited, or been at work on, for longer than these; their ids."""
    age = case((BackfillRange.attempts > 0, running), else_=queued)
    overdue = (
        select(BackfillRange.id)
        .where(BackfillRange.queued_at < func.now() - age)
        .order_by(BackfillRange.queued_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = update(BackfillRange).where(BackfillRange.id.in_(overdue)).values(queued_at=func.now())
    return list(session.scalars(taken.returning(BackfillRange.id)))


def _own(catalogue_id: int | None) -> list[ColumnElement[bool]]:
    return [] if catalogue_id is None else [Product.catalogue_id == catalogue_id]
