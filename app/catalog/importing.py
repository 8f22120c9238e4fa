"""Imports: a stored file becomes products, batch by batch."""

from sqlalchemy.orm import Session

from app.catalog.drafts import MediaRef
from app.db import catalogues, jobs, media
from app.db.tables import Job
from app.jobs.client import enqueue
from app.jobs.names import Task
from app.types import JobKind


def submit(session: Session, tenant_id: int, catalogue: str, file: MediaRef, *, dry_run: bool) -> Job:
    """Queues the import of a stored NDJSON file; the job ends when its last product can be found."""
    catalogue_row = catalogues.find_or_create(session, tenant_id, catalogue)
    media.record(session, [(file.digest, file.bytes, file.content_type)])
    job = jobs.add(
        session,
        tenant_id=tenant_id,
        catalogue_id=catalogue_row,
        kind=JobKind.IMPORT,
        request={"file": file.digest, "bytes": file.bytes, "dry_run": dry_run},
        total=None,
    )
    enqueue(session, Task.RUN_IMPORT, [str(job.id)])
    return job
