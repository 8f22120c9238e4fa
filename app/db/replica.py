"""A standby of PostgreSQL that searches may read, as long as it is not behind.

Source: PostgreSQL's manual, Hot Standby and Recovery Information Functions.
"""

import datetime
import logging
import time

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.db.engine import make_engine, make_sessions
from app.db.tenancy import DatabaseRole

log = logging.getLogger(__name__)
AVOIDED = 10.0  # seconds without another try where it could not be reached

# Of the last transaction that the standby has taken over, the time at which it was committed: by the primary's clock,
# as are the times of jobs. None on a server that is no standby, or not any more: what it holds may be another past.
TAKEN_OVER = text("SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_xact_replay_timestamp() END")
IDENTITY = text("SELECT system_identifier FROM pg_control_system()")  # a standby's is its primary's


class Replica:
    """Says whether a standby has all that a search must see.

    Args:
        primary: the database that it follows.
        database_url: where the standby is.
        staleness: how much later than the search's beginning what the standby lacks may have been committed. None at
            all: a search sees everything that was committed before it was asked for.
        pool_size: connections kept open.
    """

    def __init__(self, primary: Engine, database_url: str, staleness: datetime.timedelta, *, pool_size: int) -> None:
        self._primary = primary
        self._engine = make_engine(database_url, pool_size=pool_size, role=DatabaseRole.WORKER)
        self._staleness = staleness
        self._avoided_until = 0.0
        self._is_of_primary: bool | None = None  # unknown until it was first reached
        self.sessions = make_sessions(self._engine)

    def has_seen(self, moment: datetime.datetime) -> bool:
        """Whether it holds what the primary held at a moment of the primary's clock, less the staleness."""
        if self._is_of_primary is False or time.monotonic() < self._avoided_until:
            return False
        try:
            if not self._follows():
                return False
            with self._engine.connect() as connection:
                taken_over = connection.execute(TAKEN_OVER).scalar_one()
        except DBAPIError as error:
            log.warning("The replica cannot be read, the primary answers: %s", error.orig)
            self._avoided_until = time.monotonic() + AVOIDED
            return False
        return taken_over is not None and taken_over >= moment - self._staleness

    def close(self) -> None:
        """Closes its connections."""
        self._engine.dispose()

    def _follows(self) -> bool:
        """Whether it is a copy of the primary and of no other server."""
        if self._is_of_primary is None:
            with self._engine.connect() as ours, self._primary.connect() as theirs:
                self._is_of_primary = ours.execute(IDENTITY).scalar_one() == theirs.execute(IDENTITY).scalar_one()
            if not self._is_of_primary:
                log.error("DATABASE_REPLICA_URL is no replica of DATABASE_URL, and is not used")
        return self._is_of_primary
