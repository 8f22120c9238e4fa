"""Embedding spaces: found, made, activated, gone back from, retired."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.catalog.drafts import MediaRef
from app.db import backfill, embeddings, jobs, media, open_jobs, spaces
from app.db.space_tables import EmbeddingSpace
from app.errors import NoActiveSpace, SpaceNotReady, SpaceUnknown
from app.jobs.client import enqueue
from app.jobs.names import Task
from app.types import JobKind, JobState, Modality, SpaceKey, SpaceState

LARGEST_ID = 2**31 - 1  # that the column can hold


def key_of(space: EmbeddingSpace) -> SpaceKey:
    """What makes a space's vectors comparable."""
    encoders = {Modality(modality): encoder for modality, encoder in space.encoders.items()}
    return SpaceKey(encoders=encoders, alignment=space.alignment, dim=space.dim, metric=space.metric)


def find(session: Session, space_id: int) -> EmbeddingSpace:
    """One space.

    Raises:
        SpaceUnknown: there is none of this id.
    """
    space = spaces.find(session, space_id) if space_id <= LARGEST_ID else None
    if space is None:
        raise SpaceUnknown(f"There is no embedding space {space_id}.")
    return space


def answering(session: Session, catalogue_id: int) -> EmbeddingSpace:
    """The space that answers a catalogue's searches: its own active one, else that of all.

    Raises:
        NoActiveSpace: no worker has made one yet.
    """
    space = spaces.answering(session, catalogue_id)
    if space is None:
        raise NoActiveSpace
    return space


def active(session: Session) -> EmbeddingSpace:
    """The active space of all catalogues.

    Raises:
        NoActiveSpace: no worker has made one yet.
    """
    space = spaces.active(session)
    if space is None:
        raise NoActiveSpace
    return space


def adopt(
    session: Session, key: SpaceKey, pack: Callable[[], MediaRef] | None = None, places: str = ""
) -> EmbeddingSpace:
    """The active space of all catalogues, made of what a worker comes with if there is none.

    An active space of which nobody has kept the artifact gives way to it, too, and every product waits to be embedded
    anew: no worker could load it. A release before this one made such spaces.

    Args:
        session: the transaction.
        key: of the space that the worker comes with.
        pack: stores its artifact, so that every worker has it from now on, whatever their settings name.
        places: where its encoders are that have no name.
    """
    spaces.lock_states(session)
    space = spaces.active(session)
    if space is not None and (space.artifact is not None or key_of(space) == key):
        if space.artifact is None:
            _keep_artifact(session, space, pack, places)
        return space
    space = spaces.find_or_create(session, key)
    _keep_artifact(session, space, pack, places)
    spaces.activate(session, space)
    enqueue(session, Task.INDEX_ADOPTED, [space.id])
    embeddings.requeue_all(session)
    return space


def _keep_artifact(session: Session, space: EmbeddingSpace, pack: Callable[[], MediaRef] | None, places: str) -> None:
    if pack is not None:
        artifact = pack()
        media.record(session, [(artifact.digest, artifact.bytes, artifact.content_type)])
        space.artifact, space.places = artifact.digest, places
        session.flush()


def activate(session: Session, space_id: int) -> EmbeddingSpace:
    """Makes a ready space the one that answers searches.

    Raises:
        SpaceUnknown: there is none of this id.
        SpaceNotReady: it is still building, or retired.
    """
    spaces.lock_states(session)
    space = find(session, space_id)
    if space.state == SpaceState.BUILDING:
        left = backfill.count_left(session, space, space.catalogue_id)
        raise SpaceNotReady(
            f"Embedding space {space_id} is still building: {left} products are not in it yet, or its indexes are not"
            " built. triseek reindex goes on with it; triseek spaces retire gives it up."
        )
    if space.state == SpaceState.RETIRED:
        raise SpaceNotReady(f"Embedding space {space_id} is retired. Build it anew with triseek reindex.")
    if space.state != SpaceState.ACTIVE:
        spaces.activate(session, space)
    return space


def roll_back(session: Session, catalogue_id: int | None = None) -> EmbeddingSpace:
    """Makes the space active again that was so before; a catalogue that had none of its own has that of all again.

    Raises:
        SpaceNotReady: there is none to go back to.
    """
    spaces.lock_states(session)
    before = spaces.before(session, catalogue_id)
    if before is not None:
        spaces.activate(session, before)
        return before
    common = spaces.active(session)
    if catalogue_id is None or common is None or spaces.active(session, catalogue_id) is None:
        raise SpaceNotReady("There is no space to go back to: none was active before, or it is retired.")
    spaces.deactivate(session, catalogue_id)
    return common


def retire(session: Session, space_id: int) -> EmbeddingSpace:
    """Lets go of a space: nothing is embedded into it any more, and its vectors are removed batch by batch.

    Raises:
        SpaceUnknown: there is none of this id.
        SpaceNotReady: it answers searches.
    """
    spaces.lock_states(session)
    space = find(session, space_id)
    if space.state == SpaceState.ACTIVE:
        raise SpaceNotReady(f"Embedding space {space_id} answers searches: activate another one, then retire it.")
    if space.state != SpaceState.RETIRED:
        backfill.forget(session, space.id)
        retired = SpaceNotReady(f"Embedding space {space_id} was retired.").problem()
        for job in open_jobs.of_kind(session, JobKind.REINDEX):
            if (job.result or {}).get("space") == space.id:
                jobs.finish_as_it_is(session, job.id, JobState.CANCELLED, error=retired)
        spaces.set_state(session, space, SpaceState.RETIRED)
        enqueue(session, Task.CLEAR_SPACE, [space.id])
    return space
