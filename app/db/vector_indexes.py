"""Statements over the vector indexes of embedding spaces: one for each part of the table and each modality.

No scan meets another space, another modality, or catalogues of another part.

Source: Malkov and Yashunin, 2018, "Efficient and robust approximate nearest neighbor search using HNSW graphs".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from psycopg.errors import DeadlockDetected
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random

from app.db.space_tables import EmbeddingSpace
from app.types import Modality

TRIES = 20
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


def build(engine: Engine, space: EmbeddingSpace, memory_mb: int, processes: int) -> Iterator[VectorIndex]:
    """Builds the indexes that a space lacks one by one, while others read and write; each as it is about to be built.

    One that an accident left half built is built anew.

    Args:
        engine: of the database.
        space: what has been written of it is indexed, and what will be.
        memory_mb: that PostgreSQL may use for a graph; one that does not fit is built many times slower.
        processes: of PostgreSQL that build one together.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        wanted = {
            "maintenance_work_mem": f"{memory_mb}MB",
            "max_parallel_maintenance_workers": str(processes - 1),
            "statement_timeout": "0",
        }
        for name, value in wanted.items():
            connection.execute(text("SELECT set_config(:name, :value, false)"), {"name": name, "value": value})
        for index in indexes_of(space):
            if not _is_valid(connection, index):
                yield index
                _until_no_deadlock(lambda: _build(connection, index))  # noqa: B023  done before the next one comes
        connection.execute(text("RESET ALL"))


def _build(connection: Connection, index: VectorIndex) -> None:
    connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"))  # half built
    connection.execute(text(index.creation(concurrently=True)))


def _is_valid(connection: Connection, index: VectorIndex) -> bool:
    """Whether an index is there, and complete."""
    statement = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
    return bool(connection.execute(statement, {"name": index.name}).scalar())


def _until_no_deadlock(work: Callable[[], object]) -> None:
    """Does it again where PostgreSQL ended it: builds and removals of other indexes wait for each other's end."""
    tries = Retrying(
        retry=retry_if_exception(lambda error: isinstance(getattr(error, "orig", None), DeadlockDetected)),
        stop=stop_after_attempt(TRIES),
        wait=wait_random(max=1),
        reraise=True,
    )
    tries(work)


def drop(engine: Engine, space: EmbeddingSpace) -> None:
    """Removes the indexes of a space, while others read and write."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for index in indexes_of(space):
            statement = text(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}")
            _until_no_deadlock(lambda: connection.execute(statement))  # noqa: B023  done before the next one comes


def size(session: Session, space: EmbeddingSpace) -> int:
    """How large a space's indexes are on disk, in bytes, together."""
    statement = text(
        "SELECT coalesce(sum(pg_relation_size(to_regclass(name))), 0) FROM unnest(CAST(:names AS text[])) AS name"
    )
    return int(session.execute(statement, {"names": [index.name for index in indexes_of(space)]}).scalar_one())
