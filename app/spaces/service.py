"""Embedding spaces: found, made, activated."""

from sqlalchemy.orm import Session

from app.db import embeddings, spaces
from app.db.tables import EmbeddingSpace
from app.errors import NoActiveSpace, SpaceNotReady, SpaceUnknown
from app.types import SpaceKey, SpaceState

LARGEST_ID = 2**31 - 1  # that the column can hold


def active(session: Session) -> EmbeddingSpace:
    """The space that answers searches.

    Raises:
        NoActiveSpace: no worker has made one yet.
    """
    space = spaces.active(session)
    if space is None:
        raise NoActiveSpace
    return space


def adopt(session: Session, key: SpaceKey) -> EmbeddingSpace:
    """The space of what a worker has loaded, made and activated if another one or none is active.

    When a worker comes with other encoders or another alignment than before, every product waits to be embedded anew,
    and searches find those that are.
    """
    spaces.lock_states(session)
    space = spaces.find_or_create(session, key)
    if space.state != SpaceState.ACTIVE:
        spaces.create_indexes(session, space)
        spaces.activate(session, space.id)
        embeddings.requeue_all(session)
        session.refresh(space)
    return space


def activate(session: Session, space_id: int) -> EmbeddingSpace:
    """Makes a ready space the one that answers searches.

    Raises:
        SpaceUnknown: there is none of this id.
        SpaceNotReady: it is still building, or retired.
    """
    spaces.lock_states(session)
    space = spaces.find(session, space_id) if space_id <= LARGEST_ID else None
    if space is None:
        raise SpaceUnknown(f"There is no embedding space {space_id}.")
    if space.state not in (SpaceState.READY, SpaceState.ACTIVE):
        raise SpaceNotReady(f"Embedding space {space_id} is {space.state}.")
    spaces.activate(session, space_id)
    session.refresh(space)
    return space
