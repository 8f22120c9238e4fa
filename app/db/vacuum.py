"""Statements that give room back that rows no longer take."""

from collections.abc import Sequence

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

OF_ALL = ("products", "product_media", "jobs")


def tables_of(session: Session, catalogue_id: int) -> list[str]:
    """The tables, and the parts of tables, that a catalogue's rows are in."""
    part = text("SELECT CAST(tableoid AS regclass)::text FROM embeddings WHERE catalogue_id = :catalogue LIMIT 1")
    embeddings = session.execute(part, {"catalogue": catalogue_id}).scalar()
    own = [] if embeddings is None else [embeddings, embeddings.replace("embeddings", "tokens")]
    return [*OF_ALL, *own]


def size(session: Session, tables: Sequence[str]) -> int:
    """How large tables are on disk with their indexes, in bytes, together."""
    total = text("SELECT sum(pg_total_relation_size(to_regclass(name))) FROM unnest(CAST(:names AS text[])) AS name")
    return int(session.execute(total, {"names": list(tables)}).scalar_one() or 0)


def vacuum(engine: Engine, tables: Sequence[str]) -> None:
    """Vacuums tables of ours, while others read and write, and lets the planner look at them again."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        for table in tables:
            connection.execute(text(f"VACUUM (ANALYZE) {table}"))
        connection.execute(text("RESET ALL"))
