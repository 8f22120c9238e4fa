"""Commits that need not wait for the disk: of what would be done again if a crash of the server took it back.

Source: PostgreSQL's manual, Asynchronous Commit.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session


def need_not_wait(session: Session) -> None:
    """Lets this transaction be committed before it is on disk. It is whole or not at all, as every other."""
    session.execute(text("SET LOCAL synchronous_commit = off"))
