"""Statements that look whether the database is as it should be."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from app.db.replica import IDENTITY


@dataclass(frozen=True, kw_only=True)
class Versions:
    """What the database is."""

    postgres: str
    postgres_number: int  # server_version_num
    vector: str | None  # of pgvector; None where it is not there
    revision: str | None  # of the tables; None where they are not there


def versions(connection: Connection) -> Versions:
    """Of the server, the extension and the tables."""
    there = connection.execute(text("SELECT to_regclass('alembic_version')")).scalar()
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if there else None
    vector = connection.execute(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")).scalar()
    return Versions(
        postgres=connection.execute(text("SHOW server_version")).scalar_one(),
        postgres_number=int(connection.execute(text("SHOW server_version_num")).scalar_one()),
        vector=vector,
        revision=revision,
    )


def is_unbound(connection: Connection) -> bool:
    """Whether row-level security does not bind who logged in: a superuser, or the owner of the tables."""
    asked = """
SELECT rolsuper OR rolbypassrls
    OR pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = to_regclass('products')), 'USAGE')
FROM pg_roles WHERE rolname = session_user
"""
    return bool(connection.execute(text(asked)).scalar())


def spaces_by_state(connection: Connection) -> Mapping[str, int]:
    """How many embedding spaces are in each state."""
    counted = "SELECT state, count(*) FROM embedding_spaces GROUP BY state ORDER BY state"
    return {state: count for state, count in connection.execute(text(counted))}  # noqa: C416  rows are no pairs


def count_failed(connection: Connection) -> int:
    """How many products could not be embedded."""
    found = connection.execute(text("SELECT count(*) FROM products WHERE failed_version = version"))
    return int(found.scalar_one())


def count_late(connection: Connection) -> int:
    """How many messages should have gone to the broker a minute ago."""
    late = "SELECT count(*) FROM outbox WHERE created_at < now() - interval '1 minute'"
    return int(connection.execute(text(late)).scalar_one())


def bytes_behind(primary: Connection, standby: Connection) -> int | None:
    """How much of the primary's log a standby has not taken over; None if it is no standby of it."""
    if standby.execute(IDENTITY).scalar_one() != primary.execute(IDENTITY).scalar_one():
        return None
    written = primary.execute(text("SELECT pg_current_wal_lsn()::text")).scalar_one()
    statement = text(
        "SELECT CASE WHEN pg_is_in_recovery()"
        " THEN greatest(0, pg_wal_lsn_diff(CAST(:written AS pg_lsn), pg_last_wal_replay_lsn())) END"
    )
    behind = standby.execute(statement, {"written": written}).scalar_one()
    return None if behind is None else int(behind)
