"""Statements over the outbox."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from app.db.job_tables import OutboxMessage


def add(session: Session, task: str, arguments: Iterable[Sequence[Any]]) -> list[OutboxMessage]:
    """Adds one message of this task for each list of arguments."""
    rows = [{"task": task, "arguments": list(values)} for values in arguments]
    if not rows:
        return []
    return list(session.scalars(insert(OutboxMessage).returning(OutboxMessage), rows))


def overdue(session: Session, age: datetime.timedelta, limit: int) -> list[OutboxMessage]:
    """The oldest messages that should have been sent by now, locked so that one process sends them."""
    return list(
        session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.created_at < func.now() - age)
            .order_by(OutboxMessage.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )


def remove(session: Session, ids: Sequence[int]) -> None:
    """Removes messages that the broker has."""
    session.execute(delete(OutboxMessage).where(OutboxMessage.id.in_(ids)))
