"""The comparison of a space with the one that answers searches, before it takes its place."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from sqlalchemy.orm import Session

from app.catalog.drafts import MediaRef
from app.catalog.service import catalogue_id
from app.db import jobs, media
from app.db.job_tables import Job
from app.errors import FieldError, RequestInvalid, SpaceNotReady
from app.jobs.client import enqueue
from app.jobs.names import Task
from app.search.service import read_query
from app.spaces import service
from app.types import JobKind, SearchQuery, SpaceState


@dataclass(frozen=True, kw_only=True)
class JudgedSearch:
    """A search, and the products that it should find."""

    query: SearchQuery
    relevant: tuple[str, ...]  # SKUs
    kind: str  # of query, told apart in the comparison

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """What a job's row holds."""
        return cls(query=read_query(document["query"]), relevant=tuple(document["relevant"]), kind=document["kind"])


def submit(
    session: Session,
    tenant_id: int,
    space_id: int,
    *,
    catalogue: str | None,
    searches: Sequence[JudgedSearch],
    stored: Sequence[MediaRef] = (),
) -> Job:
    """Queues the comparison of a space with the one that answers.

    Args:
        session: the transaction.
        tenant_id: whose catalogue.
        space_id: of the space, which is built.
        catalogue: that judged searches are in.
        searches: judged; without any, products are asked for by their own contents.
        stored: the searches' pictures and recordings.

    Raises:
        SpaceUnknown: there is none of this id.
        SpaceNotReady: it is not built, or answers already.
        CatalogueUnknown: there is none of this name.
        RequestInvalid: judged searches are in no catalogue.
    """
    space = service.find(session, space_id)
    if space.state != SpaceState.READY:
        raise SpaceNotReady(f"Embedding space {space_id} is {space.state}; one that is ready can be compared.")
    own = None if catalogue is None else catalogue_id(session, tenant_id, catalogue)
    if searches and own is None:
        wrong = FieldError("/catalogue", "is missing: in which one are the queries' products?")
        raise RequestInvalid("Judged queries need a catalogue.", [wrong])
    media.record(session, [(ref.digest, ref.bytes, ref.content_type) for ref in stored])
    request = {"space": space_id, "queries": [asdict(each) for each in searches]}
    job = jobs.add(
        session,
        tenant_id=tenant_id,
        catalogue_id=own if own is not None else space.catalogue_id,
        kind=JobKind.VERIFY,
        request=request,
        total=None,
    )
    enqueue(session, Task.VERIFY_SPACE, [str(job.id)])
    return job


def searches_of(job: Job) -> list[JudgedSearch]:
    """The judged searches of a comparison's job."""
    return [JudgedSearch.read(each) for each in job.request["queries"]]
