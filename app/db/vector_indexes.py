"""Statements over the vector indexes of embedding spaces: one for each part of the table and each modality.

No scan meets another space, another modality, or catalogues of another part.

Source: Malkov and Yashunin, 2018, "Efficient and robust approximate nearest neighbor search using HNSW graphs".
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.db.space_tables import EmbeddingSpace
from app.types import Modality

PARTITIONS = 8  # of the tables of embeddings and of tokens
# Of every HNSW index. Twice pgvector's 64: what is typed or said lies far from all pictures, and half as many paths
# find too few of the nearest ones (`triseek bench rank --data`).
M, EF_CONSTRUCTION = 16, 128
WIDEST = 4_000  # numbers of a half-precision vector that pgvector can index


@dataclass(frozen=True)
class VectorIndex:
    """The index of one modality's vectors in one space and one part of the table."""

    space: EmbeddingSpace
    part: int
    modality: Modality

    @property
    def name(self) -> str:
        """As PostgreSQL knows it."""
        return f"embeddings_p{int(self.part)}_s{int(self.space.id)}_{Modality(self.modality)}"

    def creation(self, *, concurrently: bool = False) -> str:
        """The statement that makes it, unless it is there."""
        return (
            f"CREATE INDEX {'CONCURRENTLY ' if concurrently else ''}IF NOT EXISTS {self.name}"
            f" ON embeddings_p{int(self.part)}"
            f" USING hnsw ((embedding::halfvec({int(self.space.dim)})) halfvec_cosine_ops)"
            f" WITH (m = {M}, ef_construction = {EF_CONSTRUCTION})"
            f" WHERE space_id = {int(self.space.id)} AND modality = '{Modality(self.modality)}'"
        )


def indexes_of(space: EmbeddingSpace) -> list[VectorIndex]:
    """All that a space has, or is to have."""
    return [VectorIndex(space, part, modality) for part in range(PARTITIONS) for modality in Modality]


def create(session: Session, space: EmbeddingSpace) -> None:
    """Makes the indexes of a space that holds next to nothing yet."""
    for index in indexes_of(space):
        session.execute(text(index.creation()))


def build(engine: Engine, space: EmbeddingSpace, memory_mb: int) -> Iterator[VectorIndex]:
    """Builds the indexes that a space lacks one by one, while others read and write; each as it is about to be built.

    One that an accident left half built is built anew.

    Args:
        engine: of the database.
        space: what has been written of it is indexed, and what will be.
        memory_mb: that PostgreSQL may use for a graph; one that does not fit is built many times slower.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(
            text("SELECT set_config('maintenance_work_mem', :memory, false)"), {"memory": f"{memory_mb}MB"}
        )
        connection.execute(text("SET statement_timeout = 0"))
        for index in indexes_of(space):
            valid = connection.execute(
                text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"), {"name": index.name}
            ).scalar()
            if valid:
                continue
            yield index
            if valid is not None:
                connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"))
            connection.execute(text(index.creation(concurrently=True)))
        connection.execute(text("RESET ALL"))


def drop(engine: Engine, space: EmbeddingSpace) -> None:
    """Removes the indexes of a space, while others read and write."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for index in indexes_of(space):
            connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"))


def size(session: Session, space: EmbeddingSpace) -> int:
    """How large a space's indexes are on disk, in bytes, together."""
    statement = text(
        "SELECT coalesce(sum(pg_relation_size(to_regclass(name))), 0) FROM unnest(CAST(:names AS text[])) AS name"
    )
    return int(session.execute(statement, {"names": [index.name for index in indexes_of(space)]}).scalar_one())
