"""Statements over tenants and catalogues."""

import datetime
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.tables import Catalogue


def get(session: Session, catalogue_id: int) -> Catalogue | None:
    """A catalogue."""
    return session.get(Catalogue, catalogue_id)


def find(session: Session, tenant_id: int, name: str) -> int | None:
    """The id of a tenant's catalogue."""
    return session.scalars(select(Catalogue.id).where(Catalogue.tenant_id == tenant_id, Catalogue.name == name)).first()


def find_or_create(session: Session, tenant_id: int, name: str) -> int:
    """The id of a tenant's catalogue, made if there is none."""
    found = find(session, tenant_id, name)
    if found is not None:
        return found
    session.execute(insert(Catalogue).values(tenant_id=tenant_id, name=name).on_conflict_do_nothing())
    return session.scalars(select(Catalogue.id).where(Catalogue.tenant_id == tenant_id, Catalogue.name == name)).one()


def names(session: Session, tenant_id: int) -> list[str]:
    """The names of a tenant's catalogues, in order."""
    return list(
        session.scalars(select(Catalogue.name).where(Catalogue.tenant_id == tenant_id).order_by(Catalogue.name))
    )


def of_tenant(session: Session, tenant_id: int) -> list[int]:
    """The ids of a tenant's catalogues."""
    return list(session.scalars(select(Catalogue.id).where(Catalogue.tenant_id == tenant_id).order_by(Catalogue.id)))


def remove(session: Session, catalogue_ids: Sequence[int]) -> int:
    """Removes catalogues with all that is theirs: products, spaces, jobs; how many."""
    gone = delete(Catalogue).where(Catalogue.id.in_(catalogue_ids)).returning(Catalogue.id)
    return len(session.scalars(gone).all())


def shared(session: Session, catalogue_id: int) -> Catalogue | None:
    """A catalogue as it is now, whose settings nobody changes until the transaction ends."""
    return _read(session, catalogue_id, only_read=True)


def locked(session: Session, catalogue_id: int) -> Catalogue:
    """A catalogue as it is now, whose settings nobody else reads or changes until the transaction ends."""
    found = _read(session, catalogue_id, only_read=False)
    if found is None:
        raise LookupError(catalogue_id)
    return found


def _read(session: Session, catalogue_id: int, *, only_read: bool) -> Catalogue | None:
    chosen = select(Catalogue).where(Catalogue.id == catalogue_id).with_for_update(read=only_read)
    return session.scalars(chosen.execution_options(populate_existing=True)).first()


def write_settings(session: Session, catalogue_id: int, **columns: Any) -> None:  # noqa: ANN401  of several types
    """Writes the settings of a locked catalogue; its products are to get its words from now on."""
    session.execute(update(Catalogue).where(Catalogue.id == catalogue_id).values(**columns, words_queued_at=func.now()))


def mark_indexed(session: Session, catalogue_id: int, version: int) -> None:
    """Says that all products of a catalogue have its words by this version of its settings."""
    session.execute(update(Catalogue).where(Catalogue.id == catalogue_id).values(words_indexed=version))


def requeue_unindexed(session: Session, age: datetime.timedelta, limit: int) -> list[int]:
    """Takes up to `limit` catalogues whose products were to get its words longer ago than this; their ids."""
    overdue = (
        select(Catalogue.id)
        .where(Catalogue.words_indexed < Catalogue.words_version, Catalogue.words_queued_at < func.now() - age)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(
        session.scalars(
            update(Catalogue)
            .where(Catalogue.id.in_(overdue))
            .values(words_queued_at=func.now())
            .returning(Catalogue.id)
        )
    )
