"""Statements over embedding spaces and their vector indexes."""

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.tables import EmbeddingSpace
from app.types import Modality, SpaceKey, SpaceState

# Of every HNSW index. Twice pgvector's 64: what is typed or said lies far from all pictures, and half as many paths
# find too few of the nearest ones (`triseek bench rank --data`).
M, EF_CONSTRUCTION = 16, 128


def find_or_create(session: Session, key: SpaceKey) -> EmbeddingSpace:
    """The row of this space; a new one is building."""
    values = {"encoders": dict(key.encoders), "alignment": key.alignment, "dim": key.dim, "metric": key.metric}
    session.execute(insert(EmbeddingSpace).values(**values, state=SpaceState.BUILDING).on_conflict_do_nothing())
    return session.scalars(select(EmbeddingSpace).filter_by(**values)).one()


def active(session: Session) -> EmbeddingSpace | None:
    """The space that answers searches."""
    return session.scalars(select(EmbeddingSpace).where(EmbeddingSpace.state == SpaceState.ACTIVE)).first()


def find(session: Session, space_id: int) -> EmbeddingSpace | None:
    """One space."""
    return session.get(EmbeddingSpace, space_id)


def every(session: Session) -> list[EmbeddingSpace]:
    """All spaces, oldest first."""
    return list(session.scalars(select(EmbeddingSpace).order_by(EmbeddingSpace.id)))


def lock_states(session: Session) -> None:
    """Lets one transaction at a time change which space is active."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('embedding_spaces'))"))


def activate(session: Session, space_id: int) -> None:
    """Makes this space the one that answers searches; the one before stays ready."""
    session.execute(
        update(EmbeddingSpace).where(EmbeddingSpace.state == SpaceState.ACTIVE).values(state=SpaceState.READY)
    )
    session.execute(
        update(EmbeddingSpace)
        .where(EmbeddingSpace.id == space_id)
        .values(state=SpaceState.ACTIVE, activated_at=func.now())
    )


def create_indexes(session: Session, space: EmbeddingSpace) -> None:
    """Makes the space's HNSW indexes, one a modality, so that no scan meets another space or modality.

    Source: Malkov and Yashunin, 2018, "Efficient and robust approximate nearest neighbor search using HNSW graphs".
    """
    space_id, dim = int(space.id), int(space.dim)
    graph = f"m = {M}, ef_construction = {EF_CONSTRUCTION}"
    for modality in Modality:
        session.execute(
            text(
                f"CREATE INDEX IF NOT EXISTS embeddings_{space_id}_{modality} ON embeddings"
                f" USING hnsw ((embedding::halfvec({dim})) halfvec_cosine_ops) WITH ({graph})"
                f" WHERE space_id = {space_id} AND modality = '{modality}'"
            )
        )


def index_bytes(session: Session, space: EmbeddingSpace) -> int:
    """How large the space's indexes are on disk, together."""
    names = [f"embeddings_{int(space.id)}_{modality}" for modality in Modality]
    statement = text(
        "SELECT coalesce(sum(pg_relation_size(to_regclass(name))), 0) FROM unnest(CAST(:names AS text[])) AS name"
    )
    return int(session.execute(statement, {"names": names}).scalar_one())
