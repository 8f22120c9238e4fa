"""Statements over the checks of approximate scans."""

import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from app.db.space_tables import RecallCheck


def add(session: Session, space_id: int, recall: float) -> None:
    """Notes that a search found this share, 0 to 1, of the best products."""
    session.execute(insert(RecallCheck).values(space_id=space_id, recall=recall))


def mean(session: Session, age: datetime.timedelta) -> tuple[int, float | None]:
    """How many searches were checked since this long ago, and the mean share that they found; None without any."""
    recent = select(func.count(), func.avg(RecallCheck.recall)).where(RecallCheck.checked_at > func.now() - age)
    count, share = session.execute(recent).one()
    return count, None if share is None else float(share)


def forget(session: Session, age: datetime.timedelta) -> None:
    """Deletes checks that are older than this."""
    session.execute(delete(RecallCheck).where(RecallCheck.checked_at < func.now() - age))
