"""A reindex: the job that builds a space from the products that are there, while others are uploaded and searched."""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from psycopg import errors as postgres
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.catalog.service import catalogue_id
from app.db import backfill, jobs, media, open_jobs, spaces
from app.db.job_tables import Job
from app.db.space_tables import EmbeddingSpace
from app.errors import FieldError, ReindexRunning, RequestInvalid
from app.jobs.client import JobClient, enqueue
from app.jobs.names import Task
from app.spaces.packing import CONTENT_TYPE
from app.types import JobKind, JobState, Modality, SpaceState

log = logging.getLogger(__name__)
DEFAULT = "default"  # the alignment that the workers' settings name
RANGE = 128  # products that are embedded, and written, together
IN_FLIGHT = 32  # ranges that are given out at once: more than there are workers


@dataclass(frozen=True, kw_only=True)
class ReindexRequest:
    """What is to be built."""

    artifact: str | None = None  # the packed alignment's digest, or DEFAULT; none: that of the space that answers
    places: str = ""  # where its encoders are that have no name
    dim: int | None = None  # numbers of a vector; as many as the alignment gives unless told
    catalogue_id: int | None = None  # whose products alone; all unless told
    only: Modality | None = None  # embeds anew what is there of one modality
    dry_run: bool = False  # looks what it takes, and does nothing
    in_place: bool = False  # embeds anew in the space that is active

    @classmethod
    def of(cls, job: Job) -> Self:
        """The request that a job's row holds."""
        only = job.request["only"]
        return cls(**{**job.request, "only": None if only is None else Modality(only)})


def submit(
    session: Session,
    tenant_id: int,
    *,
    artifact: str | None,
    places: str,
    dim: int | None,
    catalogue: str | None,
    only: Modality | None,
    dry_run: bool,
) -> Job:
    """Queues a reindex; the same one again while it goes on is that one.

    Raises:
        CatalogueUnknown: there is none of this name.
        RequestInvalid: the artifact was not uploaded, or the wishes do not go together.
        ReindexRunning: another one has not ended.
    """
    if artifact not in (None, DEFAULT) and media.content_type(session, artifact) != CONTENT_TYPE:
        wrong = FieldError("/alignment", "is no alignment that was uploaded: POST it to /v1/alignments first")
        raise RequestInvalid("The alignment is not here.", [wrong])
    if only is not None and (artifact is not None or dim is not None):
        wrong = FieldError("/only", "goes with no alignment and no dim: in a new space all modalities are embedded")
        raise RequestInvalid("One modality alone cannot be built.", [wrong])
    own = None if catalogue is None else catalogue_id(session, tenant_id, catalogue)
    request = ReindexRequest(artifact=artifact, places=places, dim=dim, catalogue_id=own, only=only, dry_run=dry_run)
    if not dry_run:
        spaces.lock_states(session)
        same = _unfinished(session, request)
        if same is not None:
            return same
    job = jobs.add(
        session, tenant_id=tenant_id, catalogue_id=own, kind=JobKind.REINDEX, request=asdict(request), total=None
    )
    enqueue(session, Task.PREPARE_SPACE, [str(job.id)])
    return job


def _unfinished(session: Session, request: ReindexRequest) -> Job | None:
    """The reindex that has not ended and was asked for the same.

    Raises:
        ReindexRunning: it was asked for something else.
    """
    for job in open_jobs.of_kind(session, JobKind.REINDEX):
        other = ReindexRequest.of(job)
        if other.dry_run:
            continue
        if replace(other, in_place=False) == request:
            return job
        raise ReindexRunning(
            f"Reindex {job.id} has not ended. Wait for it with triseek jobs show {job.id} --wait, or give it up"
            f" with triseek jobs cancel {job.id}."
        )
    return None


def begin(session: Session, job: Job, space: EmbeddingSpace, result: Mapping[str, Any], *, in_place: bool) -> None:
    """Gives out the first products of a space, or goes on where an earlier job ended.

    Args:
        session: the transaction.
        job: of the reindex, which holds its lease.
        space: that is built, or embedded into anew.
        result: of the job so far.
        in_place: whether the space is active, and stays so.
    """
    if space.last_id is None or in_place or space.state == SpaceState.RETIRED:
        backfill.begin(session, space, job.catalogue_id)
    if space.state == SpaceState.RETIRED:
        spaces.set_state(session, space, SpaceState.BUILDING)
    so_far = {**result, "space": space.id, "phase": "backfill"}
    jobs.amend(session, job.id, request={"in_place": in_place}, result=so_far)
    jobs.set_expected(session, job.id, backfill.count_left(session, space, job.catalogue_id))
    taken = backfill.take_over(session, space.id, job.id)
    enqueue(session, Task.BACKFILL, *[[range_id] for range_id in taken])
    for _ in range(IN_FLIGHT - len(taken)):
        _give_out(session, job, space.id)
    _index_if_done(session, job, space.id)


def running(session: Session, job_id: uuid.UUID) -> Job | None:
    """A reindex that goes on, its lease renewed; None if it has ended."""
    return jobs.touch(session, job_id)


def go_on(session: Session, job: Job, space_id: int) -> None:
    """Gives out the next range; with the last one done, lets the indexes be built."""
    if not _give_out(session, job, space_id):
        _index_if_done(session, job, space_id)


def _give_out(session: Session, job: Job, space_id: int) -> bool:
    space = backfill.lock(session, space_id)
    range_id = None if space is None else backfill.give_out(session, space, job, RANGE)
    if range_id is None:
        return False
    enqueue(session, Task.BACKFILL, [range_id])
    return True


def _index_if_done(session: Session, job: Job, space_id: int) -> None:
    if not backfill.are_left(session, space_id):
        jobs.amend(session, job.id, result={"phase": "indexes", "problem": None})
        enqueue(session, Task.INDEX_SPACE, [str(job.id)])


def complete(session: Session, job_id: uuid.UUID, space_id: int) -> None:
    """Says that a space can answer searches, and ends its job."""
    spaces.lock_states(session)
    space = spaces.find(session, space_id)
    if space is not None and space.state == SpaceState.BUILDING:
        spaces.set_state(session, space, SpaceState.READY)
    jobs.amend(session, job_id, result={"phase": "done"})
    jobs.finish_as_it_is(session, job_id, JobState.SUCCEEDED)


def give_up(client: JobClient, job_id: uuid.UUID, problem: Mapping[str, Any]) -> None:
    """Ends a reindex with this problem; the space stays as far as it has come."""
    with client.transaction() as session:
        jobs.finish_as_it_is(session, job_id, JobState.FAILED, error=problem)


def hold_up(client: JobClient, job_id: uuid.UUID, error: OperationalError) -> None:
    """Says in the job why it does not get on; it goes on by itself."""
    if isinstance(error.orig, postgres.DiskFull):
        said = "The database has no room left: the reindex goes on by itself once there is some, or cancel it."
    else:
        said = "The database could not be reached, or ended a statement: the reindex goes on by itself."
    log.warning("Reindex %s is held up: %s", job_id, error.orig)
    try:
        with client.transaction() as session:
            jobs.amend(session, job_id, result={"problem": said})
    except OperationalError:
        log.warning("Nor could the job be told")
