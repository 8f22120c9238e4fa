"""Changes that hold only for a product as it was read: ETag, If-Match, If-None-Match.

An ETag names what was uploaded and then, after a dot, how far its embedding has come: whoever reads again is told of
both, and a change hangs on the first alone. What follows a colon is the coding of the answer that brought it.

Source: RFC 9110, HTTP Semantics, section 13.
"""

import re

from flask import request
from sqlalchemy.orm import Session
from werkzeug.datastructures import ETags

from app.catalog.service import ProductView
from app.db import catalogues, products
from app.db.tables import Product
from app.errors import PreconditionFailed
from app.http.auth import tenant_id

HEADERS = ("If-Match", "If-None-Match")


def etag_of(product: Product) -> str:
    """What names this content of a product: another one with every change."""
    return f"{product.id:x}-{product.version:x}-{int(product.updated_at.timestamp() * 1_000_000):x}"


def headers_of(view: ProductView) -> dict[str, str]:
    """The header that tells it."""
    return {"ETag": f'"{etag_of(view.product)}.{view.embedding_state}"'}


def require(session: Session, catalogue: str, sku: str) -> None:
    """Lets a change go on if the product is as the request says; nobody else changes it until the transaction ends.

    Raises:
        PreconditionFailed: it is not.
    """
    must_match, must_differ = (name in request.headers for name in HEADERS)
    if not (must_match or must_differ):
        return
    # Of those who make a catalogue's first product at once, each must wait for the others.
    find = catalogues.find_or_create if request.method in ("POST", "PUT") else catalogues.find
    catalogue_row = find(session, tenant_id(), catalogue)
    product = None if catalogue_row is None else products.find_alone(session, catalogue_row, sku)
    etag = None if product is None else etag_of(product)
    if must_match and (etag is None or not _names(request.if_match, etag)):
        said = "is not there" if etag is None else f'has the ETag "{etag}" by now'
        raise PreconditionFailed(f"Product {sku!r} {said}: read it again before you change it.")
    if must_differ and etag is not None and _names(request.if_none_match, etag):
        raise PreconditionFailed(f"Product {sku!r} is there already.")


def _names(tags: ETags, etag: str) -> bool:
    """Whether an uploaded content is among those that a header names."""
    return tags.star_tag or etag in {re.split("[.:]", tag)[0] for tag in tags.as_set() if tag}
