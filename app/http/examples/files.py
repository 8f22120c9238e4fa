"""Catalogue files as examples."""

from typing import Any

from app.catalog.formats.reading import Format

EXAMPLES = {
    Format.NDJSON: '{"sku": "shoe-1", "title": "Red running shoes", "price": 49.9, "currency": "EUR"}\n',
    Format.TABLE: "sku,title,price,currency,colour\nshoe-1,Red running shoes,49.90,EUR,red\n",
    Format.MERCHANT: "<rss><channel><item><id>shoe-1</id><title>Red running shoes</title></item></channel></rss>",
}
FORM: dict[str, Any] = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}},
    },
    "example": {"file": "products.csv"},
}


def body(kind: Format | None) -> dict[str, Any]:
    """A catalogue file as a request's body, in OpenAPI's words."""
    if kind not in EXAMPLES:
        return {"schema": {"type": "string", "format": "binary"}}
    return {"schema": {}, "example": EXAMPLES[kind]}  # whatever bytes: what they hold is told by the job
