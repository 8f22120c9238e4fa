"""Statements over idempotency keys."""

import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.job_tables import IdempotencyKey


def claim(session: Session, tenant_id: int, key: str, fingerprint: bytes) -> IdempotencyKey | None:
    """Takes the key for this transaction, or returns the row of whoever took it first.

    Waits where another transaction holds the key: it either commits, and its row is returned, or rolls back.
    """
    taken = session.scalars(
        insert(IdempotencyKey)
        .values(tenant_id=tenant_id, key=key, fingerprint=fingerprint)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    ).first()
    if taken is not None:
        return None
    return session.scalars(
        select(IdempotencyKey).where(IdempotencyKey.tenant_id == tenant_id, IdempotencyKey.key == key)
    ).one()


def remember(session: Session, tenant_id: int, key: str, answer: dict[str, Any]) -> None:
    """Keeps the answer that was given under this key."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.tenant_id == tenant_id, IdempotencyKey.key == key)
        .values(answer=answer)
    )


def forget(session: Session, age: datetime.timedelta) -> None:
    """Drops answers older than this."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < func.now() - age))
