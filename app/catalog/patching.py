"""Merge patches of products.

Source: RFC 7396, JSON Merge Patch.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError
from sqlalchemy.orm import Session

from app.catalog import service
from app.catalog.drafts import MediaRef, ProductDraft, RemoteRef
from app.catalog.pointers import request_invalid
from app.catalog.schema import ProductContentSchema
from app.catalog.service import ProductView
from app.db import embeddings
from app.db.job_tables import Job
from app.db.tables import ProductMedia
from app.errors import FieldError, RequestInvalid
from app.types import Modality


def patch(
    session: Session,
    tenant_id: int,
    catalogue: str,
    sku: str,
    changes: Mapping[str, Any],
    stored: Mapping[str, Sequence[MediaRef | RemoteRef]],
) -> Job:
    """Changes some of a product's fields, under a job that ends when it can be found.

    Args:
        session: the transaction.
        tenant_id: whose catalogue.
        catalogue: its name.
        sku: which product.
        changes: the new values; None removes one, attributes are merged.
        stored: the new pictures (`images`) and recordings (`speech`), where these change.

    Raises:
        CatalogueUnknown, ProductUnknown: there is none of this name or SKU.
        RequestInvalid: nothing is left that could be found, or the attributes have become too large.
    """
    product = service.view(session, tenant_id, catalogue, sku).product
    embeddings.lock_versions(session, [product.id])  # nobody changes it between the reading and the writing
    view = service.view(session, tenant_id, catalogue, sku)
    return service.put(session, tenant_id, catalogue, _patched(view, changes, stored))


def merge(target: object, patch: object) -> object:
    """What a merge patch makes of a JSON value."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def _patched(
    view: ProductView,
    changes: Mapping[str, Any],
    stored: Mapping[str, Sequence[MediaRef | RemoteRef]],
) -> ProductDraft:
    product = view.product
    attributes = product.attributes
    if "attributes" in changes:
        attributes = _checked(merge(attributes, changes["attributes"]) or {})
    draft = ProductDraft(
        sku=product.sku,
        title=changes.get("title", product.title),
        description=changes.get("description", product.description),
        attributes=attributes,
        price=changes.get("price", product.price),
        currency=changes.get("currency", product.currency),
        images=tuple(stored.get("images", _refs(view, Modality.IMAGE))),
        speech=tuple(stored.get("speech", _refs(view, Modality.SPEECH))),
    )
    if not ((draft.title or "").strip() or draft.media):
        wrong = FieldError("/title", "must not go while there is neither a picture nor a recording")
        raise RequestInvalid("The product would have no title, picture or recording left.", [wrong])
    return draft


def _checked(attributes: object) -> dict[str, Any]:
    try:
        return dict(ProductContentSchema(only=["attributes"]).load({"attributes": attributes})["attributes"])
    except ValidationError as error:
        raise request_invalid(error) from error


def _refs(view: ProductView, modality: Modality) -> list[MediaRef | RemoteRef]:
    return [_ref(row) for row in view.media if row.modality == modality]


def _ref(row: ProductMedia) -> MediaRef | RemoteRef:
    if row.url is not None:
        return RemoteRef(row.url)
    own = row.stored
    assert own is not None  # what has no address has bytes
    return MediaRef(digest=own.digest, bytes=own.bytes, content_type=own.content_type)
