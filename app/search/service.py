"""Searches: submitted as jobs, their frozen answers read page by page."""

import math
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy.orm import Session

from app.catalog.drafts import MediaRef
from app.catalog.service import catalogue_id
from app.db import jobs, matching, media, products
from app.db.filtering import EVERYTHING, Filter, sql_of
from app.db.job_tables import Job
from app.errors import FieldError, JobUnfinished, ProductUnknown, RequestInvalid
from app.jobs.client import enqueue
from app.jobs.names import Task, search_task
from app.search.filters import parse_filter
from app.search.frozen import thaw
from app.types import JobKind, JobState, Modality, QueryPart, SearchQuery

FROZEN = 200  # hits that a search keeps; pages never go beyond
SMALLEST_WEIGHT = 1e-9  # less is nothing


def submit(
    session: Session,
    tenant_id: int,
    catalogue: str,
    query: SearchQuery,
    stored: Sequence[MediaRef] = (),
    *,
    job_id: uuid.UUID | None = None,
) -> Job:
    """Queues a search.

    Args:
        session: the transaction that the job and its message commit in.
        tenant_id: whose catalogue.
        catalogue: its name.
        query: what is asked.
        stored: the query's pictures and recordings, already in the media store.
        job_id: of its job, where it is expected already.

    Raises:
        CatalogueUnknown: there is none of this name.
        ProductUnknown: naming each product that the query speaks of and the catalogue does not have.
        RequestInvalid: nothing is asked, or the weights cancel out.
    """
    if not query.parts:
        wrong = FieldError("/query", "must have at least one of text, image, speech or product")
        raise RequestInvalid("The search asks for nothing.", [wrong])
    if _cancels_out(query.parts):
        wrong = FieldError("/query", "needs something whose weights do not sum to zero")
        raise RequestInvalid("The weights cancel out: nothing is left that is asked for.", [wrong])
    catalogue_row = catalogue_id(session, tenant_id, catalogue)
    _check_products(session, catalogue_row, query)
    media.record(session, [(ref.digest, ref.bytes, ref.content_type) for ref in stored])
    job = jobs.add(
        session,
        tenant_id=tenant_id,
        catalogue_id=catalogue_row,
        kind=JobKind.SEARCH,
        request=asdict(query),
        total=None,
        job_id=job_id,
    )
    enqueue(session, search_task(job.request), [str(job.id)])
    return job


def submit_replay(session: Session, tenant_id: int, search: Job) -> Job:
    """Queues that a finished search is done once more in its space, and compared with what it found.

    Raises:
        JobUnfinished: it is no search, or did not succeed.
    """
    hits(search, after_rank=0, limit=0)
    request = {"search": str(search.id)}
    job = jobs.add(
        session,
        tenant_id=tenant_id,
        catalogue_id=search.catalogue_id,
        kind=JobKind.REPLAY,
        request=request,
        total=None,
    )
    enqueue(session, Task.REPLAY_SEARCH, [str(job.id)])
    return job


def _cancels_out(parts: Sequence[QueryPart]) -> bool:
    """Whether all that is asked for is taken away again."""
    left: dict[QueryPart, float] = defaultdict(float)
    for part in parts:
        left[replace(part, name="", weight=0.0)] += part.weight
    return all(math.isclose(weight, 0.0, abs_tol=SMALLEST_WEIGHT) for weight in left.values())


def _check_products(session: Session, catalogue_row: int, query: SearchQuery) -> None:
    where = sql_of(parse_filter(query.within)) if query.within else EVERYTHING
    unknown = [
        FieldError(f"/{part.name}", f"the catalogue has no product {part.sku!r}")
        for part in query.parts
        if part.sku is not None and not _is_there(session, catalogue_row, part.sku, where)
    ]
    if unknown:
        raise ProductUnknown(f"{unknown[0].pointer}: {unknown[0].detail}.", unknown)


def _is_there(session: Session, catalogue_row: int, sku: str, where: Filter) -> bool:
    """Whether there is such a product among those that may be seen."""
    found = products.find(session, catalogue_row, sku)
    return found is not None and bool(matching.among(session, catalogue_row, where, [found.id]))


def read_query(request: dict[str, Any]) -> SearchQuery:
    """The query that a job's row holds."""
    parts = tuple(
        QueryPart(**{**part, "modality": Modality(part["modality"]) if part["modality"] else None})
        for part in request["parts"]
    )
    against = tuple(Modality(modality) for modality in request["against"])
    facets = tuple(request.get("facets", ()))
    return SearchQuery(**{**request, "parts": parts, "against": against, "facets": facets})


def hits(job: Job, *, after_rank: int, limit: int) -> list[dict[str, Any]]:
    """Some of a finished search's hits, past the one of this rank: the same however often they are asked for.

    Raises:
        JobUnfinished: the job is no search, or has no answer yet or none at all.
    """
    if job.kind != JobKind.SEARCH or job.state != JobState.SUCCEEDED or job.result is None:
        raise JobUnfinished(
            f"Job {job.id} is a {job.kind} job that is {job.state}; only a search that succeeded has hits."
        )
    return thaw(job.result, after_rank, after_rank + limit)
