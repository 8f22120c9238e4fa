"""Products that could not be embedded, tried again: once their pictures' server is back, or a worker is mended."""

from sqlalchemy.orm import Session

from app.catalog.service import catalogue_id, send_later
from app.db import jobs, media, products
from app.db.job_tables import Job
from app.types import JobKind


def retry(session: Session, tenant_id: int, catalogue: str) -> Job:
    """Lets every product of a catalogue that failed be embedded again, under a job that ends with the last of them.

    Raises:
        CatalogueUnknown: there is none of this name.
    """
    catalogue_row = catalogue_id(session, tenant_id, catalogue)
    failed = products.lock_failed(session, catalogue_row)
    job = jobs.add(
        session,
        tenant_id=tenant_id,
        catalogue_id=catalogue_row,
        kind=JobKind.EMBED,
        request={"retry": catalogue},
        total=len(failed),
    )
    products.revive(session, failed, job.id)
    media.forget_problems(session, failed)
    lacking = {row.product_id for row in media.unfetched(session, failed)}
    send_later(session, failed, lacking)
    if not failed:
        jobs.set_total(session, job.id, 0)  # which ends it
        session.refresh(job)
    return job
