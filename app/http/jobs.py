"""Jobs over HTTP: polled, listed, cancelled; their errors and hits page by page."""

from typing import Any, cast

from flask import Response
from sqlalchemy.orm import Session

from app.db import media
from app.errors import HeatUnknown, JobFinished, JobUnfinished, JobUnknown, JobUnretriable, ScopeMissing
from app.http.accepted import accepted, queued
from app.http.auth import identity, tenant_id
from app.http.endpoints import Answer, Endpoints
from app.http.examples import jobs as examples
from app.http.idempotency import once
from app.http.openapi.contract import Reply
from app.http.paging import read_cursor
from app.http.present import hit_page, job_error_document, job_with_result
from app.http.schemas.jobs import (
    JobErrorPageSchema,
    JobPageSchema,
    JobSchema,
    JobsQuerySchema,
    PageQuerySchema,
    WaitQuerySchema,
)
from app.http.schemas.searches import HeatQuerySchema, HitPageSchema
from app.http.services import services
from app.http.tokens import own_job, visible
from app.http.waiting import LONGEST, wait_for
from app.jobs import service
from app.jobs.documents import job_document
from app.jobs.error_table import error_table
from app.search.heat import heat_of, heat_png
from app.search.service import hits, submit_replay
from app.types import JobKind, JobState, Modality, Scope

jobs = Endpoints("jobs", "Poll, list and cancel jobs.")
ANY = tuple(Scope)
POLLED = Reply(content=JobSchema, headers=["Retry-After"])
CANCELLED = Reply(content=JobSchema, example=examples.queued(JobKind.SEARCH) | {"state": "cancelled"})


@jobs.endpoint(
    "GET",
    "/jobs/<job_id>",
    scopes=ANY,
    query=WaitQuerySchema,
    answers={200: POLLED},
    problems=[JobUnknown],
    tokens=True,
)
def read_job(query: dict[str, Any], job_id: str) -> Answer:
    """Read a job; with `wait`, once it has ended or after that many seconds."""
    wait_for(job_id, min(query["wait"], LONGEST))
    with services().sessions() as session:
        job = own_job(session, job_id)
        document = job_with_result(session, job)
    return Answer(body=document, headers={} if JobState(job.state).is_final else {"Retry-After": "1"})


@jobs.endpoint("GET", "/jobs", scopes=[Scope.WRITE, Scope.ADMIN], query=JobsQuerySchema, answers={200: JobPageSchema})
def list_jobs(query: dict[str, Any]) -> Answer:
    """List jobs, newest first."""
    with services().sessions() as session:
        page = service.page(
            session,
            tenant_id(),
            states=query["state"],
            kinds=query["kind"],
            cursor=query["cursor"],
            limit=query["limit"],
        )
        documents = [job_document(job) for job in page.jobs]
    return Answer(body={"jobs": documents, "next_cursor": page.next_cursor})


@jobs.endpoint(
    "POST",
    "/jobs/<job_id>/cancel",
    scopes=ANY,
    answers={200: CANCELLED},
    problems=[JobUnknown, JobFinished],
    tokens=True,
)
def cancel_job(job_id: str) -> Answer:
    """Cancel a job that has not ended. A key that may only search can cancel only searches."""

    def work(session: Session) -> Answer:
        is_search = own_job(session, job_id).kind == JobKind.SEARCH
        if not is_search and identity().scopes == {Scope.SEARCH}:
            raise ScopeMissing("Cancelling this job needs a key with the scope write or admin.")
        return Answer(body=job_document(service.cancel(session, tenant_id(), job_id)))

    return once(work)


@jobs.endpoint(
    "POST",
    "/jobs/<job_id>/retry",
    scopes=[Scope.WRITE, Scope.ADMIN],
    answers={202: Reply(content=JobSchema, example=examples.queued(JobKind.IMPORT))},
    problems=[JobUnknown, JobUnretriable],
)
def retry_job(job_id: str) -> Answer:
    """Let an import go on that was given up after its workers had ended too often."""

    def work(session: Session) -> Answer:
        return Answer(status=202, body=job_document(service.retry(session, tenant_id(), job_id)))

    return once(work)


@jobs.endpoint(
    "POST",
    "/jobs/<job_id>/replay",
    scopes=[Scope.SEARCH, Scope.ADMIN],
    answers={202: queued(JobKind.REPLAY)},
    problems=[JobUnknown, JobUnfinished],
)
def replay_search(job_id: str) -> Answer:
    """Do a finished search once more, in the space that answered it: the result says what changed, if anything."""

    def work(session: Session) -> Answer:
        return accepted(submit_replay(session, tenant_id(), service.find(session, tenant_id(), job_id)))

    return once(work)


@jobs.endpoint(
    "GET",
    "/jobs/<job_id>/errors",
    scopes=ANY,
    query=PageQuerySchema,
    answers={200: JobErrorPageSchema},
    problems=[JobUnknown],
)
def list_job_errors(page: dict[str, Any], job_id: str) -> Answer:
    """Read what was wrong with rows or products of a job."""
    limit, after = page["limit"], read_cursor(page["cursor"])
    with services().sessions() as session:
        found = service.errors(session, tenant_id(), job_id, after=after, limit=limit + 1)
    cursor = str(found[limit - 1].id) if len(found) > limit else None
    return Answer(body={"errors": [job_error_document(error) for error in found[:limit]], "next_cursor": cursor})


@jobs.endpoint(
    "GET",
    "/jobs/<job_id>/errors.csv",
    scopes=ANY,
    answers={200: Reply(content="text/csv", headers=["Content-Disposition"])},
    problems=[JobUnknown],
)
def download_job_errors(job_id: str) -> Response:
    """Download them as a table: line, SKU, field and reason."""
    with services().sessions() as session:
        job = service.find(session, tenant_id(), job_id)
    table = Response(error_table(services().sessions, job.id), content_type="text/csv; charset=utf-8")
    table.headers["Content-Disposition"] = f'attachment; filename="errors-{job.id}.csv"'
    return table


@jobs.endpoint(
    "GET",
    "/jobs/<job_id>/hits",
    scopes=[Scope.SEARCH],
    query=PageQuerySchema,
    answers={200: HitPageSchema},
    problems=[JobUnknown, JobUnfinished],
    tokens=True,
)
def list_hits(page: dict[str, Any], job_id: str) -> Answer:
    """Read further hits of a finished search; they never change."""
    after = read_cursor(page["cursor"])
    with services().sessions() as session:
        job = own_job(session, job_id)
        return Answer(body=hit_page(session, job, after_rank=after, limit=page["limit"]))


@jobs.endpoint(
    "GET",
    "/jobs/<job_id>/hits/<int:rank>/heat",
    scopes=[Scope.SEARCH],
    query=HeatQuerySchema,
    answers={200: "image/png"},
    problems=[JobUnknown, JobUnfinished, HeatUnknown],
    tokens=True,
)
def draw_heat(asked: dict[str, Any], job_id: str, rank: int) -> Response:
    """Draw where in a hit's picture the query looked: a square to lay over the picture's middle."""
    with services().sessions() as session:
        job = own_job(session, job_id)
        found = hits(job, after_rank=rank - 1, limit=1) if rank else []
        if not found or not visible(session, cast(int, job.catalogue_id), [found[0]["product_id"]]):
            raise HeatUnknown(f"The search has no hit {rank}.")
        own = media.of_products(session, [found[0]["product_id"]])
    pictures = [each.digest or "" for each in own if each.modality == Modality.IMAGE]
    drawn = Response(heat_png(heat_of(found[0], pictures, **asked)), content_type="image/png")
    drawn.headers["Cache-Control"] = "private, no-cache"  # the picture may be another one by the next time
    return drawn
