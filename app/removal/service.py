"""Products that are deleted: what is left of them is removed soon after, or can be brought back until then."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.catalog import service as catalog
from app.catalog.drafts import MediaRef, ProductDraft, RemoteRef
from app.catalog.service import ProductView
from app.db import media, products, removals
from app.db.job_tables import Job
from app.db.tables import Media
from app.errors import ProductThere, ProductUnknown
from app.types import Modality

AT_ONCE = 500  # products in one transaction


def delete(session: Session, tenant_id: int, catalogue: str, sku: str, restorable: datetime.timedelta) -> None:
    """Deletes a product, with its vectors in every space; frozen answers lose it within a minute.

    Args:
        session: the transaction.
        tenant_id: whose catalogue.
        catalogue: its name.
        sku: of the product.
        restorable: how long it can be brought back; frozen answers then show it as long, without its content.

    Raises:
        CatalogueUnknown, ProductUnknown: there is none of this name or SKU.
    """
    view = catalog.view(session, tenant_id, catalogue, sku)
    removals.add(
        session,
        tenant_id=tenant_id,
        catalogue_id=view.product.catalogue_id,
        product_id=view.product.id,
        sku=sku,
        digests=[row.digest for row in view.media if row.digest is not None] if restorable else [],
        document=_document(view) if restorable else None,
        after=restorable,
    )
    catalog.delete(session, tenant_id, catalogue, sku)


def restore(session: Session, tenant_id: int, catalogue: str, sku: str) -> Job:
    """Brings a deleted product back, under a job that ends when it can be found.

    Raises:
        CatalogueUnknown: there is none of this name.
        ProductUnknown: none of this SKU can be brought back.
        ProductThere: another one was uploaded under it since.
    """
    catalogue_id = catalog.catalogue_id(session, tenant_id, catalogue)
    if products.find(session, catalogue_id, sku) is not None:
        raise ProductThere(f"Catalogue {catalogue!r} has a product {sku!r}: delete it first.")
    found = removals.restorable(session, catalogue_id, sku)
    if found is None or found.document is None:
        raise ProductUnknown(f"No deleted product {sku!r} can be brought back: it never was, or its days are over.")
    stored = media.by_digests(session, found.digests)
    job = catalog.put(session, tenant_id, catalogue, _draft(found.document, stored))
    removals.remove(session, [found.id])
    return job


def remove_due(session: Session) -> int:
    """Takes products that were deleted long enough ago out of frozen answers; of how many."""
    due = removals.due(session, AT_ONCE)
    by_catalogue: dict[int, list[int]] = defaultdict(list)
    for each in due:
        by_catalogue[each.catalogue_id].append(each.product_id)
    for catalogue_id, product_ids in by_catalogue.items():
        removals.strip_results(session, catalogue_id, product_ids)
        skus = [each.sku for each in due if each.catalogue_id == catalogue_id]
        removals.remove_errors(session, catalogue_id, skus)
    removals.remove(session, [each.id for each in due])
    return len(due)


def _document(view: ProductView) -> dict[str, Any]:
    product = view.product
    return {
        "sku": product.sku,
        "title": product.title,
        "description": product.description,
        "attributes": product.attributes,
        "price": None if product.price is None else str(product.price),
        "currency": product.currency,
        "media": [[row.modality, row.digest, row.url] for row in view.media],
    }


def _draft(document: dict[str, Any], stored: dict[str, Media]) -> ProductDraft:
    refs = {modality: _refs(document["media"], modality, stored) for modality in (Modality.IMAGE, Modality.SPEECH)}
    own = {name: document[name] for name in ("sku", "title", "description", "attributes", "currency")}
    price = None if document["price"] is None else Decimal(document["price"])
    return ProductDraft(**own, price=price, images=refs[Modality.IMAGE], speech=refs[Modality.SPEECH])


def _refs(
    rows: Sequence[Sequence[str | None]], modality: Modality, stored: dict[str, Media]
) -> tuple[MediaRef | RemoteRef, ...]:
    found: list[MediaRef | RemoteRef] = []
    for own, digest, url in rows:
        if own == modality and digest in stored:
            row = stored[digest]
            found.append(MediaRef(digest=row.digest, bytes=row.bytes, content_type=row.content_type))
        elif own == modality and url is not None:
            found.append(RemoteRef(url))
    return tuple(found)
