"""Searches over HTTP."""

from dataclasses import replace

from sqlalchemy.orm import Session

from app.errors import CatalogueUnknown, MediaStoreFull, MediaTooLarge, MediaUnreadable, ProductUnknown
from app.http import tokens
from app.http.accepted import accepted, queued
from app.http.auth import identity, tenant_id
from app.http.bodies import Body, BodyKind
from app.http.endpoints import Answer, Endpoints
from app.http.examples import searches as examples
from app.http.idempotency import once
from app.http.openapi.contract import Reply
from app.http.present import job_with_result
from app.http.schemas.searches import FinishedSearchSchema, SearchFormSchema, SearchSchema
from app.http.search_form import read_search_form
from app.http.search_query import read_query
from app.http.services import services
from app.http.waiting import preferred_wait, wait_for
from app.search import service
from app.types import JobKind, JobState, Scope

searches = Endpoints("searches", "Find products by text, picture, voice, or any mix of them.")
BODY = BodyKind(
    schema=SearchSchema,
    form=SearchFormSchema,
    read_form=read_search_form,
    examples={
        "text": {"text": "red shoes"},
        "filter": examples.FILTERED,
        "picture": {"image": {"base64": examples.PIXEL}},
        "mix": examples.MIXED,
    },
)


@searches.endpoint(
    "POST",
    "/catalogues/<catalogue>/searches",
    scopes=[Scope.SEARCH],
    body=BODY,
    answers={
        202: queued(JobKind.SEARCH),
        200: Reply(content=FinishedSearchSchema, headers=["Location", "Preference-Applied"]),
    },
    problems=[CatalogueUnknown, ProductUnknown, MediaUnreadable, MediaTooLarge, MediaStoreFull],
    tokens=True,
    headers=["Prefer"],
)
def submit_search(body: Body, catalogue: str) -> Answer:
    """Submit a search, and poll its job; or wait for it with `Prefer: wait=SECONDS`."""
    tokens.require_catalogue(catalogue)
    query, stored = read_query(body.content, body.uploads.files, services().drafter)
    query = replace(query, within=tokens.within())

    def work(session: Session) -> Answer:
        job = service.submit(session, tenant_id(), catalogue, query, stored)
        services().limits.take_search(identity())  # of those that are refused, or repeated, none counts
        return accepted(job)

    return _finished(once(work, body.digest), preferred_wait())


def _finished(accepted: Answer, seconds: float) -> Answer:
    """The finished job, if it ends in this time; else what was answered anyway."""
    if not seconds or accepted.body is None:
        return accepted
    job = wait_for(accepted.body["job"]["id"], seconds)
    if not JobState(job.state).is_final:
        return accepted
    with services().sessions() as session:
        document = job_with_result(session, job)
    headers = {"Location": accepted.headers["Location"], "Preference-Applied": f"wait={seconds:.0f}"}
    return Answer(body=document, headers=headers)
