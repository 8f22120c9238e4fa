"""By which words a product is found, as its catalogue wants it."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.texts import texts_in
from app.conditions import Field
from app.words import indexed_words, name_of

BRAND = "brand"  # the attribute whose whole value finds its products first, as their SKU does


def product_words(product: Mapping[str, Any], searchable: Sequence[Field] | None) -> list[str]:
    """The words of a product's SKU and of its searchable fields: of all its texts if none are named.

    Args:
        product: its `sku`, `title`, `description`, `attributes` and further own fields.
        searchable: fields of products.
    """
    if searchable is None:
        values = [product["title"], product["description"], product["attributes"]]
    else:
        values = [_value(product, field) for field in searchable]
    return indexed_words([product["sku"], *texts_in(values)])


def product_names(product: Mapping[str, Any]) -> list[str]:
    """A product's SKU and its brands, folded."""
    brands = texts_in([product["attributes"].get(BRAND)])
    return [name for name in (name_of(text) for text in [product["sku"], *brands]) if name]


def _value(product: Mapping[str, Any], field: Field) -> object:
    if field.own is not None:
        return product.get(field.path[0])
    value: object = product["attributes"]
    for step in field.path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
