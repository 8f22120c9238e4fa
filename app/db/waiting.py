"""Statements over what waits for a worker, of all tenants."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

PRODUCT = "product"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How much waits of one kind, and for how long the oldest has."""

    what: str  # a kind of jobs that no worker has begun, or products that are not embedded
    is_dry: bool  # of an import: whether it is a dry run
    count: int
    seconds: float  # 0 where nothing waits


def everything(session: Session) -> list[Waiting]:
    """What waits, by kind."""
    rows = session.execute(
        text(
            "SELECT what, is_dry, count AS number,"
            " coalesce(greatest(extract(epoch FROM now() - oldest), 0), 0) AS seconds"
            " FROM waiting WHERE state = 'queued'"
        )
    )
    return [Waiting(what=row.what, is_dry=row.is_dry, count=row.number, seconds=float(row.seconds)) for row in rows]
