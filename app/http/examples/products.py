"""Products as examples."""

from app.catalog.schema import ProductSchema
from app.http.examples.jobs import TIMES, queued
from app.http.schemas.products import (
    ProductAcceptedSchema,
    ProductFormSchema,
    ProductPageSchema,
    ProductPatchFormSchema,
    ProductPatchSchema,
    ProductReplacementSchema,
    StoredProductSchema,
)
from app.types import JobKind

DIGEST = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
CONTENT = {"title": "Red running shoes", "attributes": {"colour": "red"}, "price": 49.9, "currency": "EUR"}
PRODUCT = {"sku": "shoe-1", **CONTENT}
STORED = {
    "sku": "shoe-1",
    "title": "Red running shoes",
    "description": None,
    "attributes": {"colour": "red"},
    "price": 49.9,
    "currency": "EUR",
    "images": [
        {
            "digest": DIGEST,
            "content_type": "image/jpeg",
            "bytes": 48211,
            "url": f"/v1/media/{DIGEST}",
            "source": None,
        }
    ],
    "speech": [],
    "embedding": {"state": "ready", "modalities": ["image", "text"]},
    "created_at": TIMES["created_at"],
    "updated_at": TIMES["created_at"],
}
WAITING = STORED | {"embedding": {"state": "pending", "modalities": []}}
EXAMPLES = {
    ProductSchema: PRODUCT,
    ProductReplacementSchema: CONTENT,
    ProductPatchSchema: {"price": 39.9, "description": None},
    ProductFormSchema: {"product": PRODUCT, "image": ["shoe.jpg"]},
    ProductPatchFormSchema: {"product": {"price": 39.9}, "image": ["shoe.jpg"]},
    StoredProductSchema: STORED,
    ProductAcceptedSchema: {"product": WAITING, "job": queued(JobKind.EMBED)},
    ProductPageSchema: {"products": [STORED], "next_cursor": "1042"},
}
