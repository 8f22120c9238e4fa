"""Heat maps: where in a hit's picture a query looked."""

import math
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

from PIL import Image

from app.errors import HeatUnknown

SIDE = 256  # pixels
COLOUR = (255, 70, 0)  # red, green, blue
DEEPEST = 190  # of 255, how much of the picture the hottest place hides


def heat_of(
    hit: Mapping[str, Any],
    pictures: Sequence[str],
    *,
    ordinal: int,
    query: str | None = None,
    label: str | None = None,
) -> list[float]:
    """What each cell of one of a hit's pictures got of the query's attention, row by row.

    Args:
        hit: of a search that explains itself.
        pictures: digests of those that the product has now.
        ordinal: of the picture, from 0.
        query: only of this part of the query.
        label: only of the query's tokens with this label, a word; together if there are several.

    Raises:
        HeatUnknown: no such token looked at such a picture, or the product has another one by now.
    """
    attention, sku = hit["attention"], hit["sku"]
    if not attention:
        raise HeatUnknown(f"{sku} has none: only the best hits of a re-ranked search with explain: true have.")
    looked_at = {picture["ordinal"]: picture.get("digest") for token in attention for picture in token["pictures"]}
    if ordinal not in looked_at:
        raise HeatUnknown(f"The search looked at no picture {ordinal} of {sku}, but at {_listed(looked_at)}.")
    if looked_at[ordinal] not in pictures[ordinal : ordinal + 1]:
        raise HeatUnknown(f"Picture {ordinal} of {sku} is not the one that the search looked at: search again.")
    of_part = [token for token in attention if query in (None, token["query"])]
    if not of_part:
        raise HeatUnknown(f"The query has no part {query}, but {_listed(token['query'] for token in attention)}.")
    asked = [token for token in of_part if label in (None, token["label"])]
    if not asked:
        labels = _listed(token["label"] for token in of_part if token["label"] is not None)
        raise HeatUnknown(f"Nothing of the query is called {label}, but {labels}.")
    looks = [
        [cell * abs(token["weight"]) for cell in picture["weights"]]
        for token in asked
        for picture in token["pictures"]
        if picture["ordinal"] == ordinal
    ]
    return [sum(cells) for cells in zip(*looks, strict=True)]


def _listed(names: Iterable[object]) -> str:
    return ", ".join(dict.fromkeys(map(str, names))) or "nothing"


def heat_png(weights: Sequence[float]) -> bytes:
    """A square PNG to lay over the middle of a picture: the hotter, the less one sees through it.

    Args:
        weights: of the cells of a square grid, row by row, at least 0.
    """
    side = math.isqrt(len(weights))
    low, high = min(weights), max(weights)
    cells = bytes(round(DEEPEST * (weight - low) / (high - low)) if high > low else 0 for weight in weights)
    alpha = Image.frombytes("L", (side, side), cells).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    heat = Image.new("RGBA", (SIDE, SIDE), COLOUR)
    heat.putalpha(alpha)
    written = BytesIO()
    heat.save(written, "PNG", optimize=True)
    return written.getvalue()
