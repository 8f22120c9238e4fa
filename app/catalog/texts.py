"""Which texts of a product are embedded."""

from collections.abc import Mapping
from typing import Any


def product_texts(title: str | None, description: str | None, attributes: Mapping[str, Any]) -> list[str]:
    """The texts that stand for a product: its title alone, then all that is written of it, if there is more.

    The title alone answers a search for a name, undiluted; the second one answers what no title says. A product's
    similarity to a query is that of the nearer.
    """
    title = (title or "").strip()
    words = [title, (description or "").strip(), ", ".join(_values(attributes))]
    full = ". ".join(part.rstrip(".") for part in words if part)
    return [text for text in dict.fromkeys((title, full)) if text]


def _values(attributes: Mapping[str, Any]) -> list[str]:
    texts: list[str] = []
    for value in attributes.values():
        if isinstance(value, Mapping):
            texts += _values(value)
        elif isinstance(value, list | tuple):
            texts += [str(each) for each in value if isinstance(each, str | int | float)]
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            texts.append(str(value))
    return [text for text in texts if text.strip()]
