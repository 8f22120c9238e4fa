"""Filters and fields as requests carry them."""

from collections.abc import Callable

from marshmallow import ValidationError

from app.errors import FilterInvalid
from app.search.filters import parse_field, parse_filter

FILTER = (
    "Conditions on sku, title, description, currency, price, created_at, updated_at and attributes: = != < <= > >=,"
    " IN (…), BETWEEN … AND …, EXISTS, AND, OR, NOT, brackets. Texts stand in single quotes, other names of attributes"
    " than letters, digits, _ and - in double ones; a dot goes into an attribute. Of a list, any element counts."
)


def readable_filter(written: str) -> None:
    """Refuses what is no filter; an empty one is none."""
    if written.strip():
        _check(parse_filter, written)


def some_filter(written: str) -> None:
    """Refuses what is no filter, an empty one, too: whoever forgot it must not open what it was to close."""
    _check(parse_filter, written)


def readable_field(written: str) -> None:
    """Refuses what names no field."""
    _check(parse_field, written)


def _check(parse: Callable[[str], object], written: str) -> None:
    try:
        parse(written)
    except FilterInvalid as error:
        raise ValidationError(error.errors[0].detail) from error
