"""Tells of statements that take long, and how PostgreSQL plans them: in the log, without their values."""

import logging
import re
import time
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)
BETWEEN_PLANS = 60.0  # seconds
READS = ("SELECT", "WITH")
# Values in a plan: what was asked for, vectors. Numbers of names and of subplans are none.
LITERAL = re.compile(r"'(?:[^']|'')*'|(?<![\w.])(?<!Plan )-?\d+(?:\.\d+)?\b")
ESTIMATES = "(cost="  # a line with these has no values


class SlowStatements:
    """Watches the statements of engines.

    A plan is asked for in the statement's own transaction, right after it: under the same settings, of the same tables.
    It is not run again for that.

    Args:
        seconds: from which a statement is told of.
        between_plans: seconds at least between two plans.
    """

    def __init__(self, seconds: float, between_plans: float = BETWEEN_PLANS) -> None:
        self._seconds = seconds
        self._between = between_plans
        self._next_plan = 0.0

    def watch(self, engine: Engine) -> None:
        """Tells of this engine's statements, too, from now on."""
        event.listen(engine, "before_cursor_execute", self._begin)
        event.listen(engine, "after_cursor_execute", self._end)

    def _begin(self, connection: Connection, *_: object) -> None:
        connection.info["statement_begun"] = time.perf_counter()

    def _end(self, connection: Connection, _cursor: object, statement: str, values: Any, *_: object) -> None:  # noqa: ANN401
        took = time.perf_counter() - connection.info.get("statement_begun", 0.0)
        if took < self._seconds or not statement.lstrip().upper().startswith(READS):
            return
        plan = self._plan(connection, statement, values)
        told = " ".join(statement.split())
        log.warning("A statement took %.0f ms: %s%s", took * 1000, told, f"\n{plan}" if plan else "")

    def _plan(self, connection: Connection, statement: str, values: Any) -> str | None:  # noqa: ANN401  the driver's
        """How the statement is planned; None where another one was told of a moment ago."""
        now = time.monotonic()
        if now < self._next_plan:
            return None
        self._next_plan = now + self._between
        try:
            with connection.begin_nested():  # what goes wrong here must not end the search's transaction
                rows = connection.exec_driver_sql(f"EXPLAIN (FORMAT TEXT) {statement}", values).scalars().all()
        except SQLAlchemyError as error:
            return f"Its plan is not known: {type(error).__name__}"
        return "\n".join(row if ESTIMATES in row else LITERAL.sub("…", row) for row in rows)
