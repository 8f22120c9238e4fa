"""Makes products of named cells: the rows of tables and of merchant feeds."""

import base64
import datetime
import decimal
import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.errors import ImportUnreadable

# Names under which shops' exports have a product's fields; a merchant feed's come from Google's product data
# specification. They are compared in small letters, with underscores for spaces and without the prefix `g:`.
FIELDS = {
    "sku": ("sku", "id"),
    "title": ("title", "name"),
    "description": ("description",),
    "price": ("price",),
    "currency": ("currency",),
    "images": ("images", "image", "image_link", "image_url", "additional_image_link"),
    "speech": ("speech", "audio"),
    "attributes": ("attributes",),
}
IDENTIFIERS = frozenset(
    {"asin", "barcode", "ean", "gtin", "isbn", "mpn", "upc"}
)  # texts, though some look like numbers
BETWEEN = re.compile(r"[|;\n]|,(?=\s*https?://)")  # a comma may stand in an address
NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?")
PRICE = re.compile(
    r"(?P<before>[A-Z]{3}|[€£$¥])?\s*(?P<amount>[0-9][0-9.,' \u00a0\u202f]*?)\s*(?P<after>[A-Z]{3}|[€£$¥])?"
)
SIGNS = {"€": "EUR", "£": "GBP"}  # the others are of several currencies
PLAIN = re.compile(r"[0-9]+([.,][0-9]{1,2})?|[0-9]+\.[0-9]+")
GROUPED = re.compile(
    r"[0-9]{1,3}(?P<between>[.,' \u00a0\u202f])[0-9]{3}((?P=between)[0-9]{3})*((?!(?P=between))[.,][0-9]{1,2})?"
)


@dataclass(frozen=True)
class Columns:
    """Which columns are which fields of a product.

    Columns that are no field's become attributes under their own names; cells that look like JSON numbers are numbers.

    Args:
        chosen: fields or attributes, and the column that each is taken from.
    """

    chosen: Mapping[str, str] = field(default_factory=dict)

    def check(self, names: Collection[str]) -> None:
        """Looks whether a file has the chosen columns.

        Raises:
            ImportUnreadable: naming one that it lacks.
        """
        for name, column in self.chosen.items():
            if column not in names:
                raise ImportUnreadable(f"{name} is to be the column {column!r}; there are {', '.join(names)[:500]}.")

    def product(self, cells: Mapping[str, Any]) -> dict[str, Any]:
        """The product of a row, as a client would send it; empty cells are left out."""
        given = {name.strip(): value for name, value in cells.items() if not _is_missing(value)}
        found: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        names = self._names(given)
        for column, value in given.items():
            name = names.get(column)
            if name in ("images", "speech"):
                found.setdefault(name, []).extend(_media(value))
            elif name == "price":
                found |= _price(value)
            elif name == "attributes":
                attributes |= _object(value)
            elif name in FIELDS:
                found[name] = value if isinstance(value, str) else str(value)
            else:
                own = name or column.removeprefix("g:")
                attributes[own] = str(value) if _normal(own) in IDENTIFIERS else _attribute(value)
        if attributes:
            found["attributes"] = attributes
        return found

    def _names(self, given: Collection[str]) -> dict[str, str]:
        """Columns -> the fields or attributes that they are; those left out are attributes under their own names."""
        names = {column: name for name, column in self.chosen.items()}
        normal = {column: _normal(column) for column in given if column not in names}
        for name, aliases in FIELDS.items():
            if name not in self.chosen:
                present = [column for alias in aliases for column, own in normal.items() if own == alias]
                several = name in ("images", "speech")
                names |= dict.fromkeys(present if several else present[:1], name)
        return names


def _is_missing(value: object) -> bool:
    """Whether a cell is empty: some write NaN for that."""
    return value is None or value in ("", []) or (isinstance(value, float) and math.isnan(value))


def _normal(column: str) -> str:
    return column.casefold().removeprefix("g:").strip().replace(" ", "_")


def _media(value: object) -> list[dict[str, str]]:
    """Pictures or recordings: bytes, links, or the names of files that come along."""
    if isinstance(value, bytes):
        return [{"base64": base64.b64encode(value).decode()}]
    if isinstance(value, dict) and isinstance(value.get("bytes"), bytes):  # as datasets keep pictures in Parquet
        return _media(value["bytes"])
    if isinstance(value, list):
        return [source for each in value for source in _media(each)]
    found = []
    for part in BETWEEN.split(str(value)):
        if part.strip().startswith(("http://", "https://")):
            found.append({"url": part.strip()})
        else:
            found += [{"upload": name.strip()} for name in part.split(",") if name.strip()]
    return found


def _price(value: object) -> dict[str, Any]:
    """An amount, and its currency if it stands with it, as `12.50 EUR`; anything else is left to be refused."""
    match = PRICE.fullmatch(str(value).strip())
    amount = _amount(match["amount"]) if match is not None else None
    if match is None or amount is None:
        return {"price": str(value)}
    told = match["before"] or match["after"] or ""
    currency = SIGNS.get(told, told if told.isalpha() else "")
    return {"price": amount} | ({"currency": currency} if currency else {})


def _amount(text: str) -> str | None:
    """An amount as JSON writes it; None where a comma could be of thousands or of cents."""
    if PLAIN.fullmatch(text):
        return text.replace(",", ".")
    grouped = GROUPED.fullmatch(text)
    if grouped is None or (grouped["between"] in ",." and text.count(",") + text.count(".") == 1):
        return None
    return text.replace(grouped["between"], "").replace(",", ".")


def _object(value: object) -> dict[str, Any]:
    """Attributes that are written as one JSON object; anything else is one attribute."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {"attributes": value}
    return (
        {name: _attribute(each) for name, each in value.items()} if isinstance(value, dict) else {"attributes": value}
    )


def _attribute(value: object) -> Any:  # noqa: ANN401  any JSON value
    if isinstance(value, str):
        return json.loads(value) if NUMBER.fullmatch(value) else value
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime.date | datetime.time):  # a datetime is a date, too
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [_attribute(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _attribute(each) for name, each in value.items()}
    return value
