"""Statements over embedding spaces."""

from collections.abc import Iterable

from sqlalchemy import ScalarSelect, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.space_tables import EmbeddingSpace
from app.types import SpaceKey, SpaceState


def find_or_create(
    session: Session, key: SpaceKey, *, catalogue_id: int | None = None, artifact: str | None = None, places: str = ""
) -> EmbeddingSpace:
    """The row of this space of all catalogues, or of one alone; a new one is building."""
    values = _values(key, catalogue_id)
    made = insert(EmbeddingSpace).values(**values, artifact=artifact, places=places, state=SpaceState.BUILDING)
    session.execute(made.on_conflict_do_nothing())
    return session.scalars(select(EmbeddingSpace).filter_by(**values)).one()


def find_by_key(session: Session, key: SpaceKey, catalogue_id: int | None) -> EmbeddingSpace | None:
    """The row of this space, if there is one."""
    return session.scalars(select(EmbeddingSpace).filter_by(**_values(key, catalogue_id))).first()


def _values(key: SpaceKey, catalogue_id: int | None) -> dict[str, object]:
    return {
        "encoders": dict(key.encoders),
        "alignment": key.alignment,
        "dim": key.dim,
        "metric": key.metric,
        "catalogue_id": catalogue_id,
    }


def active(session: Session, catalogue_id: int | None = None) -> EmbeddingSpace | None:
    """The active space of all catalogues, or of one alone."""
    chosen = select(EmbeddingSpace).filter_by(state=SpaceState.ACTIVE, catalogue_id=catalogue_id)
    return session.scalars(chosen.execution_options(populate_existing=True)).first()


def answering(session: Session, catalogue_id: int) -> EmbeddingSpace | None:
    """The space that answers a catalogue's searches: its own active one, else that of all."""
    chosen = select(EmbeddingSpace).where(EmbeddingSpace.id == answering_id(catalogue_id))
    return session.scalars(chosen.execution_options(populate_existing=True)).first()


def answering_id(catalogue_id: int) -> ScalarSelect[int]:
    """The id of that space, within another statement."""
    own = or_(EmbeddingSpace.catalogue_id == catalogue_id, EmbeddingSpace.catalogue_id.is_(None))
    chosen = select(EmbeddingSpace.id).where(EmbeddingSpace.state == SpaceState.ACTIVE, own)
    return chosen.order_by(EmbeddingSpace.catalogue_id.nulls_last()).limit(1).scalar_subquery()


def writable(session: Session, catalogue_ids: Iterable[int]) -> list[EmbeddingSpace]:
    """The spaces that products of these catalogues are embedded into: all that are not retired, locked as they are.

    Nobody makes or retires a space until the transaction ends.
    """
    lock_states(session, shared=True)
    own = or_(EmbeddingSpace.catalogue_id.in_(set(catalogue_ids)), EmbeddingSpace.catalogue_id.is_(None))
    chosen = select(EmbeddingSpace).where(EmbeddingSpace.state != SpaceState.RETIRED, own)
    return list(session.scalars(chosen.order_by(EmbeddingSpace.id).execution_options(populate_existing=True)))


def find(session: Session, space_id: int) -> EmbeddingSpace | None:
    """One space."""
    return session.get(EmbeddingSpace, space_id, populate_existing=True)


def every(session: Session) -> list[EmbeddingSpace]:
    """All spaces, oldest first."""
    return list(session.scalars(select(EmbeddingSpace).order_by(EmbeddingSpace.id)))


def before(session: Session, catalogue_id: int | None) -> EmbeddingSpace | None:
    """The ready space that was active last."""
    chosen = select(EmbeddingSpace).filter_by(state=SpaceState.READY, catalogue_id=catalogue_id)
    was_active = chosen.where(EmbeddingSpace.deactivated_at.is_not(None))
    return session.scalars(was_active.order_by(EmbeddingSpace.deactivated_at.desc()).limit(1)).first()


def lock_states(session: Session, *, shared: bool = False) -> None:
    """Lets one transaction at a time change what spaces there are; those that only rely on it share."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    session.execute(text(f"SELECT {function}(hashtext('embedding_spaces'))"))


def activate(session: Session, space: EmbeddingSpace) -> None:
    """Makes this space the one that answers searches; the one before stays ready."""
    deactivate(session, space.catalogue_id)
    session.execute(
        update(EmbeddingSpace)
        .where(EmbeddingSpace.id == space.id)
        .values(state=SpaceState.ACTIVE, activated_at=func.clock_timestamp())
    )
    session.refresh(space)


def deactivate(session: Session, catalogue_id: int | None) -> None:
    """Lets no space of all catalogues, or of one alone, be active; the one that was stays ready."""
    active_one = (
        EmbeddingSpace.state == SpaceState.ACTIVE,
        EmbeddingSpace.catalogue_id.is_not_distinct_from(catalogue_id),
    )
    session.execute(
        update(EmbeddingSpace).where(*active_one).values(state=SpaceState.READY, deactivated_at=func.clock_timestamp())
    )


def set_state(session: Session, space: EmbeddingSpace, state: SpaceState) -> None:
    """Writes the state of a space that is not active and does not become so."""
    session.execute(update(EmbeddingSpace).where(EmbeddingSpace.id == space.id).values(state=state))
    session.refresh(space)
