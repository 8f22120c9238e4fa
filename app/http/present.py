"""Products, jobs, hits and spaces as the plain values that clients read."""

import decimal
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy.orm import Session

from app.catalog import service as catalog
from app.catalog.service import ProductView
from app.db import catalogues, products
from app.db.job_tables import Job, JobError
from app.db.space_tables import EmbeddingSpace
from app.db.tables import Catalogue, ProductMedia
from app.http import tokens
from app.jobs.documents import job_document
from app.search.service import hits
from app.types import JobKind, JobState, Modality

KEPT = ("query_digest", "compared")  # of a search's result, of use to a replay and to its hits only


def product_document(view: ProductView) -> dict[str, Any]:
    """A product."""
    product = view.product
    return {
        "sku": product.sku,
        "title": product.title,
        "description": product.description,
        "attributes": product.attributes,
        "price": _number(product.price),
        "currency": product.currency,
        "images": _media(view, Modality.IMAGE),
        "speech": _media(view, Modality.SPEECH),
        "embedding": _embedding(view),
        "created_at": product.created_at.isoformat(),
        "updated_at": product.updated_at.isoformat(),
    }


def _media(view: ProductView, modality: Modality) -> list[dict[str, Any]]:
    return [_medium(row) for row in view.media if row.modality == modality]


def _medium(row: ProductMedia) -> dict[str, Any]:
    """A picture or recording; what is still to be fetched has no more than its address."""
    own = row.stored
    return {
        "digest": row.digest,
        "content_type": own.content_type if own else None,
        "bytes": own.bytes if own else None,
        "url": f"/v1/media/{row.digest}" if row.digest else None,
        # Where a shop's pictures come from, with what may stand in such an address, is no business of a browser's.
        "source": row.url if tokens.within() is None else None,
    }


def _embedding(view: ProductView) -> dict[str, Any]:
    document: dict[str, Any] = {"state": view.embedding_state, "modalities": sorted(view.modalities)}
    if view.embedding_state == "failed":
        document["error"] = view.product.embedding_error
    return document


def _number(value: decimal.Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def job_with_result(session: Session, job: Job) -> dict[str, Any]:
    """A job with what came of it, once it has ended."""
    document = job_document(job)
    if job.result is None or not JobState(job.state).is_final:
        return document
    if job.kind != JobKind.SEARCH or job.state != JobState.SUCCEEDED:
        return document | {"result": job.result}
    told = {name: value for name, value in job.result.items() if name not in KEPT}
    return document | {"result": told | hit_page(session, job, after_rank=0, limit=job.request["limit"])}


def hit_page(session: Session, job: Job, *, after_rank: int, limit: int) -> dict[str, Any]:
    """Some of a search's hits with their products as they are now.

    Raises:
        JobUnfinished: the job is no search that succeeded.
    """
    frozen = hits(job, after_rank=after_rank, limit=limit + 1)
    shown = frozen[:limit]
    ids = [hit["product_id"] for hit in shown]
    seen = tokens.visible(session, cast(int, job.catalogue_id), ids)
    found = products.by_ids(session, [each for each in ids if each in seen])
    by_id = {view.product.id: product_document(view) for view in catalog.views(session, list(found.values()))}
    return {
        "hits": [{**_without_id(hit), "product": by_id.get(hit["product_id"])} for hit in shown],
        "next_cursor": str(after_rank + limit) if len(frozen) > limit else None,
    }


def _without_id(hit: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in hit.items() if name != "product_id"}


def job_error_document(error: JobError) -> dict[str, Any]:
    """What was wrong with one row or product."""
    return {"line": error.line, "sku": error.sku, "error": error.problem}


def space_documents(session: Session, spaces: Sequence[EmbeddingSpace]) -> list[dict[str, Any]]:
    """Embedding spaces, in the order given."""
    named = {
        each: catalogues.get(session, each) for each in {space.catalogue_id for space in spaces} if each is not None
    }
    return [_space(space, named.get(space.catalogue_id or 0)) for space in spaces]


def _space(space: EmbeddingSpace, catalogue: Catalogue | None) -> dict[str, Any]:
    return {
        "id": space.id,
        "state": space.state,
        "catalogue": None if catalogue is None else catalogue.name,
        "encoders": space.encoders,
        "alignment": space.alignment,
        "dim": space.dim,
        "metric": space.metric,
        "created_at": space.created_at.isoformat(),
        "activated_at": space.activated_at.isoformat() if space.activated_at else None,
    }
