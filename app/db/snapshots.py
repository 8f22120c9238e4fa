"""Statements over the database as it was at one moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text


@dataclass(frozen=True)
class Snapshot:
    """One moment, for as long as its transaction lasts."""

    name: str  # by which other connections see the same
    connection: Connection

    def digests(self) -> list[str]:
        """Of all media that the database names."""
        return list(self.connection.scalars(text("SELECT digest FROM media ORDER BY digest")))

    @property
    def revision(self) -> str:
        """Of the tables."""
        return str(self.connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())

    def count(self) -> tuple[int, int]:
        """How many products and how many vectors there are."""
        vectors = "SELECT count(*) FROM embeddings WHERE catalogue_id IN (SELECT id FROM catalogues)"
        counted = [self.connection.execute(text(each)) for each in ("SELECT count(*) FROM products", vectors)]
        products, embedded = (int(each.scalar_one()) for each in counted)
        return products, embedded


@contextmanager
def exported(engine: Engine) -> Iterator[Snapshot]:
    """A snapshot that others can take on until the end of the block."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        name = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        yield Snapshot(name, connection)


def is_empty(engine: Engine) -> bool:
    """Whether the database has no table."""
    with engine.connect() as connection:
        found = connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
        return int(found.scalar_one()) == 0
