"""Heat maps: where in a hit's picture a query looked."""

import math
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from PIL import Image

from app.errors import HeatUnknown

SIDE = 256  # pixels
COLOUR = (255, 70, 0)  # red, green, blue
DEEPEST = 190  # of 255, how much of the picture the hottest place hides


def heat_of(hit: dict[str, Any], *, ordinal: int, query: str | None = None, label: str | None = None) -> list[float]:
    """What each cell of one of a hit's pictures got of the query's attention, row by row.

    Args:
        hit: of a search that explains itself.
        ordinal: of the picture, from 0.
        query: only of this part of the query.
        label: only of the query's tokens with this label: a word.

    Raises:
        HeatUnknown: no such token looked at such a picture.
    """
    looks = [
        [cell * abs(token["weight"]) for cell in picture["weights"]]
        for token in hit["attention"] or ()
        if query in (None, token["query"]) and label in (None, token["label"])
        for picture in token["pictures"]
        if picture["ordinal"] == ordinal
    ]
    if not looks:
        raise HeatUnknown(
            f"Nothing of the query looked at picture {ordinal} of {hit['sku']}; only searches with explain: true"
            " that are re-ranked keep what their best hits' pictures were looked at for."
        )
    return [sum(cells) for cells in zip(*looks, strict=True)]


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
