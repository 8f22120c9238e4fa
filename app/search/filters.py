"""The filter language: `price < 50 AND colour IN ('red', 'blue') AND NOT brand = 'X'`, read into conditions.

Names without quotes are letters, digits, `_` and `-`; others stand in double quotes. A dot goes into an attribute's
own attributes. Texts stand in single quotes, a quote within doubled. Keywords may be in small letters.
"""

from functools import cache
from pathlib import Path
from typing import cast

from lark import Lark, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from app.conditions import Condition, Field
from app.errors import FilterInvalid
from app.search.filter_builder import FilterBuilder, Read, invalid

GRAMMAR = Path(__file__).with_name("filters.lark")
LONGEST = 50_000  # characters
SHOWN = 20  # characters of what was not expected
NAMES = {
    "NAME": "a field",
    "QUOTED": "a field",
    "STRING": "a text in single quotes",
    "NUMBER": "a number",
    "TRUE": "TRUE",
    "FALSE": "FALSE",
    "OPERATOR": "one of = != < <= > >=",
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": "a comma",
    "DOT": "a dot",
    "$END": "the end",
}


def parse_filter(written: str) -> Condition:
    """Reads a filter.

    Raises:
        FilterInvalid: telling at which character, and what was expected there.
    """
    return cast(Read, _parsed(written, "start")).condition


def parse_field(written: str) -> Field:
    """Reads the name of a field, as it stands in a filter.

    Raises:
        FilterInvalid: telling at which character, and what was expected there.
    """
    return cast(Field, _parsed(written, "field"))


def _parsed(written: str, rule: str) -> object:
    if len(written) > LONGEST:
        raise invalid(f"is longer than {LONGEST:,} characters")
    try:
        return _parser().parse(written, start=rule)
    except UnexpectedInput as error:
        raise _unexpected(written, error) from error


def _unexpected(written: str, error: UnexpectedInput) -> FilterInvalid:
    if isinstance(error, UnexpectedToken):
        expected, found = error.accepts or error.expected, error.token
        place = len(written) if found.type == "$END" else (found.start_pos or 0)
    else:
        assert isinstance(error, UnexpectedCharacters)
        expected, place = error.allowed, error.pos_in_stream
    names = sorted({NAMES.get(name, name.strip("_")) for name in expected}) or [NAMES["$END"]]
    wanted = " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    there = repr(written[place : place + SHOWN]) if place < len(written) else "the end"
    return invalid(f"at character {place + 1}: expected {wanted}, not {there}")


@cache
def _parser() -> Lark:
    return Lark(
        GRAMMAR.read_text(encoding="utf-8"), parser="lalr", start=["start", "field"], transformer=FilterBuilder()
    )
