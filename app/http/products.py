"""Products over HTTP."""

import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.catalog import service
from app.catalog.patching import patch as patch_product
from app.catalog.retrying import retry
from app.catalog.schema import ProductSchema
from app.db.job_tables import Job
from app.errors import (
    CatalogueUnknown,
    FieldError,
    MediaStoreFull,
    MediaTooLarge,
    MediaUnreadable,
    PreconditionFailed,
    ProductThere,
    ProductUnknown,
    RequestInvalid,
)
from app.http import preconditions
from app.http.accepted import accepted, queued
from app.http.auth import tenant_id
from app.http.bodies import Body, BodyKind
from app.http.endpoints import Answer, Endpoints
from app.http.idempotency import once
from app.http.names import check_catalogue, check_sku
from app.http.openapi.contract import Reply
from app.http.paging import read_cursor
from app.http.present import product_document
from app.http.product_form import read_product_form
from app.http.schemas.products import (
    ProductAcceptedSchema,
    ProductFormSchema,
    ProductPageSchema,
    ProductPatchFormSchema,
    ProductPatchSchema,
    ProductReplacementSchema,
    ProductsQuerySchema,
    StoredProductSchema,
)
from app.http.services import services
from app.jobs.documents import job_document
from app.removal import service as removal
from app.search.filters import parse_filter
from app.types import JobKind, Modality, Scope

products = Endpoints("products", "Upload, read and delete products.")
READ = (Scope.SEARCH, Scope.WRITE)
COLLECTION = "/catalogues/<catalogue>/products"
PRODUCT = "/catalogues/<catalogue>/products/<sku>"
UNKNOWN = (CatalogueUnknown, ProductUnknown)
REFUSED = (PreconditionFailed, MediaUnreadable, MediaTooLarge, MediaStoreFull)
ACCEPTED = Reply(content=ProductAcceptedSchema, headers=["Location", "ETag"])


def _body(
    schema: type[ProductSchema | ProductReplacementSchema | ProductPatchSchema],
    *more: str,
    form: type[ProductFormSchema] = ProductFormSchema,
) -> BodyKind:
    return BodyKind(
        schema=schema,
        form=form,
        read_form=read_product_form,
        content_types=("application/json", *more),
    )


@products.endpoint(
    "POST",
    COLLECTION,
    scopes=[Scope.WRITE],
    body=_body(ProductSchema),
    answers={202: ACCEPTED},
    problems=REFUSED,
    headers=preconditions.HEADERS,
)
def create_product(body: Body, catalogue: str) -> Answer:
    """Upload a product; one of the same SKU is replaced, so that a catalogue can be uploaded again."""
    check_catalogue(catalogue)
    draft = services().drafter.draft(body.content, body.uploads.files)

    def work(session: Session) -> Answer:
        preconditions.require(session, catalogue, draft.sku)
        job = service.put(session, tenant_id(), catalogue, draft)
        return _accepted(session, catalogue, draft.sku, job)

    return once(work, body.digest)


@products.endpoint(
    "PUT",
    PRODUCT,
    scopes=[Scope.WRITE],
    body=_body(ProductReplacementSchema),
    answers={202: ACCEPTED},
    problems=REFUSED,
    headers=preconditions.HEADERS,
)
def replace_product(body: Body, catalogue: str, sku: str) -> Answer:
    """Replace a product, or upload a new one."""
    check_catalogue(catalogue)
    check_sku(sku)
    if body.content.get("sku", sku) != sku:
        raise RequestInvalid("The body has another SKU than the path.", [FieldError("/sku", f"must be {sku!r}")])
    draft = services().drafter.draft(body.content | {"sku": sku}, body.uploads.files)
    with services().jobs.transaction() as session:
        preconditions.require(session, catalogue, sku)
        return _accepted(session, catalogue, sku, service.put(session, tenant_id(), catalogue, draft))


@products.endpoint(
    "PATCH",
    PRODUCT,
    scopes=[Scope.WRITE],
    body=_body(ProductPatchSchema, "application/merge-patch+json", form=ProductPatchFormSchema),
    answers={202: ACCEPTED},
    problems=[*UNKNOWN, *REFUSED],
    headers=preconditions.HEADERS,
)
def patch_one(body: Body, catalogue: str, sku: str) -> Answer:
    """Change some fields of a product (RFC 7396): null removes one."""
    drafter, files = services().drafter, body.uploads.files
    stored = {
        name: drafter.media(body.content[name] or (), modality, f"/{name}", files)
        for name, modality in (("images", Modality.IMAGE), ("speech", Modality.SPEECH))
        if name in body.content
    }
    with services().jobs.transaction() as session:
        preconditions.require(session, catalogue, sku)
        job = patch_product(session, tenant_id(), catalogue, sku, body.content, stored)
        return _accepted(session, catalogue, sku, job)


@products.endpoint(
    "POST",
    "/catalogues/<catalogue>/retries",
    scopes=[Scope.WRITE],
    answers={202: queued(JobKind.EMBED)},
    problems=[CatalogueUnknown],
)
def retry_failed(catalogue: str) -> Answer:
    """Embed again what failed: pictures whose server was away, products whose worker died."""

    def work(session: Session) -> Answer:
        return accepted(retry(session, tenant_id(), catalogue))

    return once(work)


@products.endpoint(
    "GET",
    PRODUCT,
    scopes=READ,
    answers={200: Reply(content=StoredProductSchema, headers=["ETag"]), 304: Reply(content=None, headers=["ETag"])},
    problems=UNKNOWN,
    headers=["If-None-Match"],
)
def read_product(catalogue: str, sku: str) -> Answer:
    """Read a product, with its ETag."""
    with services().sessions() as session:
        view = service.view(session, tenant_id(), catalogue, sku)
        headers = preconditions.headers_of(view) | {"Cache-Control": "private, no-cache"}
        return Answer(body=product_document(view), headers=headers)


@products.endpoint(
    "DELETE",
    PRODUCT,
    scopes=[Scope.WRITE],
    answers={204: None},
    problems=[*UNKNOWN, PreconditionFailed],
    headers=preconditions.HEADERS,
)
def delete_product(catalogue: str, sku: str) -> Answer:
    """Delete a product, with its vectors in every space; frozen answers lose it within a minute.

    Where the server keeps deleted products for some days, it can be brought back.
    """
    restorable = datetime.timedelta(days=services().settings.restorable_days)
    with services().jobs.transaction() as session:
        preconditions.require(session, catalogue, sku)
        removal.delete(session, tenant_id(), catalogue, sku, restorable)
    return Answer(status=204)


@products.endpoint(
    "POST",
    f"{PRODUCT}/restore",
    scopes=[Scope.WRITE],
    answers={202: queued(JobKind.EMBED)},
    problems=[*UNKNOWN, ProductThere],
)
def restore_product(catalogue: str, sku: str) -> Answer:
    """Bring a deleted product back, under a job that ends when it can be found."""

    def work(session: Session) -> Answer:
        return accepted(removal.restore(session, tenant_id(), catalogue, sku))

    return once(work)


@products.endpoint(
    "GET",
    COLLECTION,
    scopes=READ,
    query=ProductsQuerySchema,
    answers={200: ProductPageSchema},
    problems=[CatalogueUnknown],
)
def list_products(page: dict[str, Any], catalogue: str) -> Answer:
    """Read a catalogue page by page, in the order the products came; all of it, or what matches a filter."""
    condition = parse_filter(page["filter"]) if page["filter"].strip() else None
    limit, after = page["limit"], read_cursor(page["cursor"])
    with services().sessions() as session:
        own = tenant_id()
        views = service.page(session, own, catalogue, condition, state=page["state"], after=after, limit=limit + 1)
        documents = [product_document(view) for view in views[:limit]]
    cursor = str(views[limit - 1].product.id) if len(views) > limit else None
    return Answer(body={"products": documents, "next_cursor": cursor})


def _accepted(session: Session, catalogue: str, sku: str, job: Job) -> Answer:
    view = service.view(session, tenant_id(), catalogue, sku)
    where = {"Location": url_for("jobs.read_job", job_id=str(job.id))}
    return Answer(
        status=202,
        body={"product": product_document(view), "job": job_document(job)},
        headers=where | preconditions.headers_of(view),
    )
