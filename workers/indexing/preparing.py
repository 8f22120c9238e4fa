"""Prepares a reindex: finds or makes the space, says what its backfill will take, and lets it begin."""

import logging
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy.orm import Session

from app.catalog.drafts import MediaRef
from app.db import jobs, media, spaces, vector_indexes
from app.db.job_tables import Job
from app.db.space_tables import EmbeddingSpace
from app.errors import ArtifactInvalid, FieldError, ReindexFailed, ReindexRunning, RequestInvalid, TriseekError
from app.spaces import packing, reindex
from app.spaces import service as spaces_service
from app.spaces.reindex import ReindexRequest
from app.types import JobState, SpaceState
from workers.connections import Connections
from workers.indexing.plan import Plan, plan_of
from workers.indexing.reducing import reduced
from workers.towers import HeldSpaces, Towers, settings_folder

log = logging.getLogger(__name__)
MAX_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Target:
    """The space that a reindex is for, loaded; not in the database if it is new."""

    towers: Towers
    artifact: MediaRef | None  # that was stored just now: nobody uploaded it


def prepare_space(connections: Connections, held: HeldSpaces, job_id: UUID) -> None:
    """Plans a reindex; unless it is a dry run, makes its space and gives out the first products."""
    with connections.jobs.transaction() as session:
        job = jobs.start(session, job_id)
    if job is None or (job.result or {}).get("phase") is not None:
        return
    if job.attempts > MAX_ATTEMPTS:
        reindex.give_up(connections.jobs, job_id, ReindexFailed().problem())
        return
    try:
        request = ReindexRequest.of(job)
        target = _target(connections, held, request)
        with connections.sessions() as session:
            there = _existing(session, request, target)
        in_place = there is not None and there.state == SpaceState.ACTIVE
        if request.only is not None and not in_place:
            wrong = FieldError("/only", "embeds anew what is in the space that answers: another one is built whole")
            raise RequestInvalid("One modality alone cannot be built.", [wrong])
        plan = plan_of(connections, held, target.towers, job, None if there is None else there.state)
        with connections.jobs.transaction() as session:
            if request.dry_run:
                jobs.finish(session, job_id, JobState.SUCCEEDED, result={"plan": plan.document()})
            else:
                _begin(session, job, request, target, plan)
    except TriseekError as error:
        reindex.give_up(connections.jobs, job_id, error.problem())


def _target(connections: Connections, held: HeldSpaces, request: ReindexRequest) -> Target:
    """Loads what is wanted.

    Raises:
        ArtifactInvalid: it is damaged, was made for other encoders, or cannot be indexed.
        EncoderUnknown, WeightsInvalid: an encoder is not here.
    """
    digest, own, places = request.artifact, None, request.places
    if digest is None:
        with connections.sessions() as session:
            answering = _answering(session, request)
        digest, places = answering.artifact, places or answering.places
    if digest is None or digest == reindex.DEFAULT:
        own = packing.stored(connections.store, settings_folder(connections.settings))
        digest, places = own.digest, places or connections.settings.encoders
    towers = _opened(held, request, digest, places)
    if request.dim not in (None, towers.space.dim):
        own = reduced(connections, held, digest, towers, request.dim, request.catalogue_id)
        towers = _opened(held, request, own.digest, places)
    if towers.space.dim > vector_indexes.WIDEST:
        raise ArtifactInvalid(
            f"The alignment gives {towers.space.dim} numbers a vector, and PostgreSQL indexes"
            f" {vector_indexes.WIDEST} at most: train one with fewer, or say --dim."
        )
    return Target(towers=towers, artifact=own)


def _answering(session: Session, request: ReindexRequest) -> EmbeddingSpace:
    """The space whose alignment is meant where none is named."""
    if request.catalogue_id is None:
        return spaces_service.active(session)
    return spaces_service.answering(session, request.catalogue_id)


def _opened(held: HeldSpaces, request: ReindexRequest, digest: str, places: str) -> Towers:
    """A stored artifact as the space that it makes, which is in the database only once it is built."""
    embedder = held.open(digest, places)
    key = embedder.space_key
    space = EmbeddingSpace(
        encoders=dict(key.encoders),
        alignment=key.alignment,
        dim=key.dim,
        metric=key.metric,
        artifact=digest,
        places=places,
        catalogue_id=request.catalogue_id,
    )
    return Towers(embedder=embedder, space=space)


def _begin(session: Session, job: Job, request: ReindexRequest, target: Target, plan: Plan) -> None:
    wanted = target.towers.space
    spaces.lock_states(session)
    if target.artifact is not None:
        media.record(session, [(target.artifact.digest, target.artifact.bytes, target.artifact.content_type)])
    _refuse_third(session, target)
    space = _existing(session, request, target)
    if space is None:
        space = spaces.find_or_create(
            session,
            target.towers.embedder.space_key,
            catalogue_id=request.catalogue_id,
            artifact=wanted.artifact,
            places=wanted.places,
        )
    is_weighed_anew = space.artifact not in (None, wanted.artifact) and space.state in (
        SpaceState.ACTIVE,
        SpaceState.READY,
    )
    space.artifact, space.places = wanted.artifact, wanted.places
    session.flush()
    so_far = {"plan": plan.document(), "space": space.id}
    if is_weighed_anew:
        _end(session, job, so_far, "The space has these vectors already: only how they are weighed is taken over.")
    elif space.state == SpaceState.READY:
        _end(session, job, so_far, "The space was built before.")
    else:
        reindex.begin(session, job, space, so_far, in_place=space.state == SpaceState.ACTIVE)


def _end(session: Session, job: Job, so_far: dict[str, object], note: str) -> None:
    jobs.amend(session, job.id, result={**so_far, "notes": [note]})
    reindex.complete(session, job.id, cast(int, so_far["space"]))


def _existing(session: Session, request: ReindexRequest, target: Target) -> EmbeddingSpace | None:
    """The space that has these vectors; of a catalogue that is embedded anew, the one that answers its searches."""
    key = target.towers.embedder.space_key
    own = spaces.find_by_key(session, key, request.catalogue_id)
    if own is None and request.catalogue_id is not None:
        answering = spaces.answering(session, request.catalogue_id)
        if answering is not None and spaces_service.key_of(answering) == key:
            return answering
    return own


def _refuse_third(session: Session, target: Target) -> None:
    key, scope = target.towers.embedder.space_key, target.towers.space.catalogue_id
    for space in spaces.every(session):
        is_this = spaces_service.key_of(space) == key and space.catalogue_id == scope
        if space.state == SpaceState.BUILDING and not is_this:
            raise ReindexRunning(
                f"Embedding space {space.id} is not finished: go on with it by the reindex that it was begun with, or"
                f" give it up with triseek spaces retire {space.id}."
            )
