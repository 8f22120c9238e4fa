"""Searches over HTTP."""

import uuid
from dataclasses import replace

from sqlalchemy.orm import Session

from app.errors import CatalogueUnknown, MediaStoreFull, MediaTooLarge, MediaUnreadable, ProductUnknown, TooManyWaiting
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
from app.http.search_query import read_query, refuse_addresses
from app.http.services import services
from app.http.waiting import expecting, preferred_wait, wait_for
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
    problems=[CatalogueUnknown, ProductUnknown, MediaUnreadable, MediaTooLarge, MediaStoreFull, TooManyWaiting],
    tokens=True,
    headers=["Prefer"],
)
def submit_search(body: Body, catalogue: str) -> Answer:
    """Submit a search, and poll its job; or wait for it with `Prefer: wait=SECONDS`."""
    tokens.require_catalogue(catalogue)
    services().load.take_search()
    query, stored = read_query(body.content, body.uploads.files, services().drafter)
    if identity().token is not None:
        refuse_addresses(query, "A search token has nothing fetched: send the file itself.")
    query = replace(query, within=tokens.within())

    job_id, seconds = uuid.uuid4(), preferred_wait()

    def work(session: Session) -> Answer:
        job = service.submit(session, tenant_id(), catalogue, query, stored, job_id=job_id)
        services().limits.take_search(identity())  # of those that are refused, or repeated, none counts
        return accepted(job)

    with expecting(job_id, seconds) as search:
        answer = once(work, body.digest)
        told = (answer.body or {})["job"]["id"]
        if told == str(job_id):
            search.wait()
    if told != str(job_id):  # it was asked for before
        wait_for(told, seconds)
    return _finished(answer, told, seconds) if seconds else answer


def _finished(accepted: Answer, job_id: str, seconds: float) -> Answer:
    """The finished job, if it has ended; else what was answered anyway."""
    with services().sessions() as session:
        job = tokens.own_job(session, job_id)
        if not JobState(job.state).is_final:
            return accepted
        document = job_with_result(session, job)
    headers = {"Location": accepted.headers["Location"], "Preference-Applied": f"wait={seconds:.0f}"}
    return Answer(body=document, headers=headers)
