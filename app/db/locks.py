"""Locks that are held beside transactions."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text


@contextmanager
def only_one(engine: Engine, what: str) -> Iterator[bool]:
    """Whether this process alone does something, until the end of the block; a lost connection gives the lock back."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = {"what": what}
        is_ours = bool(connection.execute(text("SELECT pg_try_advisory_lock(hashtext(:what))"), name).scalar())
        try:
            yield is_ours
        finally:
            if is_ours:
                connection.execute(text("SELECT pg_advisory_unlock(hashtext(:what))"), name)
