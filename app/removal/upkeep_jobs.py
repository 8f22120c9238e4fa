"""The jobs that an administrator asks for to keep the stores tidy: erasures, collections of media, vacuums."""

import uuid

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.catalog.service import catalogue_id
from app.db import jobs, vacuum
from app.db.job_tables import Job
from app.jobs.client import JobClient, enqueue
from app.jobs.names import Task
from app.media.store import MediaStore
from app.removal.collecting import collect
from app.removal.erasing import ERASE, erase
from app.types import JobKind, JobState

COLLECT, VACUUM = "collect", "vacuum"


def submit_collection(session: Session, tenant_id: int, *, dry_run: bool) -> Job:
    """Queues the removal of stored bytes that nothing needs."""
    return _submit(session, tenant_id, {"what": COLLECT, "dry_run": dry_run})


def submit_vacuum(session: Session, tenant_id: int, catalogue: str) -> Job:
    """Queues that room is given back which rows of a catalogue no longer take.

    Raises:
        CatalogueUnknown: there is none of this name.
    """
    return _submit(session, tenant_id, {"what": VACUUM, "catalogue_id": catalogue_id(session, tenant_id, catalogue)})


def _submit(session: Session, tenant_id: int, request: dict[str, object]) -> Job:
    job = jobs.add(session, tenant_id=tenant_id, catalogue_id=None, kind=JobKind.UPKEEP, request=request, total=None)
    enqueue(session, Task.UPKEEP_JOB, [str(job.id)])
    return job


def run(owner: Engine, client: JobClient, store: MediaStore, job_id: uuid.UUID) -> None:
    """Runs such a job to its end; tables are vacuumed by the role that owns them."""
    with client.transaction() as session:
        job = jobs.start(session, job_id)
    if job is None:
        return
    if job.request["what"] == ERASE:
        erase(client, store, job)
        return
    if job.request["what"] == COLLECT:
        result = collect(client.sessions, store, dry_run=job.request["dry_run"])
    else:
        result = _vacuum(owner, client, job.request["catalogue_id"])
    with client.transaction() as session:
        jobs.finish(session, job_id, JobState.SUCCEEDED, result=result)


def _vacuum(owner: Engine, client: JobClient, catalogue: int) -> dict[str, int]:
    with client.sessions() as session:
        tables = vacuum.tables_of(session, catalogue)
        before = vacuum.size(session, tables)
    vacuum.vacuum(owner, tables)
    with client.sessions() as session:
        return {"bytes_before": before, "bytes_after": vacuum.size(session, tables)}
