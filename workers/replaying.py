"""Does finished searches once more: the same query in the same space gives the same order, or it is told why not."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy.orm import Session

from app.db import jobs, products, tenancy
from app.db.job_tables import Job
from app.db.tables import Product
from app.errors import JobUnknown, SpaceNotReady, TriseekError
from app.search.frozen import thaw
from app.search.service import read_query
from app.spaces import service as spaces
from app.types import JobState, SpaceState
from workers.answering import answer
from workers.connections import Connections
from workers.towers import HeldSpaces

TOLD = 20  # products whose change is told


def replay_search(connections: Connections, held: HeldSpaces, job_id: UUID) -> None:
    """Runs the job of a replay to its end."""
    with connections.jobs.transaction() as session:
        job = jobs.start(session, job_id)
    if job is not None:
        with tenancy.acting_for(job.tenant_id):
            _replay(connections, held, job)


def _replay(connections: Connections, held: HeldSpaces, job: Job) -> None:
    try:
        with connections.sessions() as session:
            result = _compared(session, connections, held, UUID(job.request["search"]))
        state, problem = JobState.SUCCEEDED, None
    except TriseekError as error:
        result, state, problem = None, JobState.FAILED, error.problem()
    with connections.jobs.transaction() as session:
        jobs.finish(session, job.id, state, result=result, error=problem)


def _compared(session: Session, connections: Connections, held: HeldSpaces, search_id: UUID) -> dict[str, Any]:
    search = jobs.get(session, search_id)
    if search is None:
        raise JobUnknown(f"There is no search {search_id} any more.")
    before = cast(dict[str, Any], search.result)
    space = spaces.find(session, before["space"])  # rows of spaces stay
    if space.state == SpaceState.RETIRED:
        raise SpaceNotReady(f"The search was answered in embedding space {space.id}, which is retired.")
    query = read_query(search.request)
    now = answer(session, connections.store, held.of(space), cast(int, search.catalogue_id), query).found
    old, new = ([hit["sku"] for hit in thaw(found)] for found in (before, now))
    changes = list(_changes(session, search, before, now)) if old != new else []
    return {
        "search": str(search_id),
        "space": space.id,
        "compared": len(old),
        "is_same": old == new,
        "changes": changes,
    }


def _changes(session: Session, search: Job, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if before.get("query_digest") not in (None, now["query_digest"]):
        yield "The query's vector is another one: the alignment is weighed anew, or the processor another."
    old, new = ({hit["sku"]: hit for hit in thaw(found)} for found in (before, now))
    finished = cast(datetime, search.finished_at)
    moved = [sku for sku in [*old, *new] if sku not in old or sku not in new or _has_moved(old[sku], new[sku])]
    told = list(dict.fromkeys(moved))
    there = _products(session, cast(int, search.catalogue_id), told[:TOLD])
    for sku in told[:TOLD]:
        yield _change(sku, there.get(sku), finished, old.get(sku), new.get(sku))
    if len(told) > TOLD:
        yield f"{len(told) - TOLD} more have moved."


def _products(session: Session, catalogue_id: int, skus: Sequence[str]) -> dict[str, Product]:
    found = {sku: products.find(session, catalogue_id, sku) for sku in skus}
    return {sku: product for sku, product in found.items() if product is not None}


def _has_moved(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return bool(old["rank"] != new["rank"])


def _change(
    sku: str, product: Product | None, finished: datetime, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> str:
    """What became of one product, and why."""
    places = f"rank {old['rank']}" if old else "not among the hits", f"rank {new['rank']}" if new else "no more"
    if product is None:
        why = "it was deleted"
    elif product.created_at > finished:
        why = "it came after the search"
    elif product.updated_at > finished:
        why = "it was changed after the search"
    elif old and new and abs(old["score"] - new["score"]) > 1e-5:
        why = f"its score is {new['score']:.6f} after {old['score']:.6f}"
    else:
        why = "others moved"
    return f"{sku}: {places[0]}, now {places[1]}: {why}."
