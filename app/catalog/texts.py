"""Which texts of a product are embedded."""

from collections.abc import Iterable, Mapping
from typing import Any


def product_texts(title: str | None, description: str | None, attributes: Mapping[str, Any]) -> list[str]:
    """The texts that stand for a product: its title alone, then all that is written of it, if there is more.

    The title alone answers a search for a name, undiluted; the second one answers what no title says. A product's
    similarity to a query is that of the nearer.
    """
    title = (title or "").strip()
    words = [title, (description or "").strip(), ", ".join(texts_in(attributes.values()))]
    full = ". ".join(part.rstrip(".") for part in words if part)
    return [text for text in dict.fromkeys((title, full)) if text]


def texts_in(values: Iterable[object]) -> list[str]:
    """The texts and numbers among values, and in the lists and objects among them; true and false say nothing."""
    texts: list[str] = []
    for value in values:
        if isinstance(value, Mapping):
            texts += texts_in(value.values())
        elif isinstance(value, list | tuple):
            texts += [str(each) for each in value if isinstance(each, str | int | float)]
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            texts.append(str(value))
    return [text for text in texts if text.strip()]
