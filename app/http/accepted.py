"""The answer to what a job will do."""

from typing import Any

from flask import url_for

from app.db.job_tables import Job
from app.http.endpoints import Answer
from app.http.examples import jobs
from app.http.openapi.contract import Reply
from app.http.schemas.jobs import JobAcceptedSchema
from app.jobs.documents import job_document
from app.types import JobKind

RETRY_AFTER = "1"  # seconds


def accepted(job: Job, **beside: Any) -> Answer:  # noqa: ANN401  any JSON
    """202 with the job, where to poll it, and what else is told beside it."""
    headers = {"Location": url_for("jobs.read_job", job_id=str(job.id)), "Retry-After": RETRY_AFTER}
    return Answer(status=202, body={**beside, "job": job_document(job)}, headers=headers)


def queued(kind: JobKind) -> Reply:
    """That answer as a view's contract has it."""
    example = {"job": jobs.queued(kind)}
    return Reply(content=JobAcceptedSchema, headers=["Location", "Retry-After"], example=example)
