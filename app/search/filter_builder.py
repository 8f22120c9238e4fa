"""Builds conditions while a filter is parsed, so that nothing recurses as deep as the text does."""

import datetime
import decimal
from typing import Any, NamedTuple

from lark import Token, Transformer, v_args

from app.conditions import AllOf, AnyOf, Comparison, Condition, Exists, Field, Kind, Not, OneOf, Operator, Value
from app.errors import FieldError, FilterInvalid

DEEPEST = 32  # conditions within conditions
MOST_VALUES = 1_000
LARGEST_EXPONENT = 300  # powers of ten, as a JSON number has them
POINTER = "/filter"
WANTED = {Kind.TEXT: "a text in single quotes", Kind.NUMBER: "a number", Kind.TIME: "a time in single quotes"}


class Read(NamedTuple):
    """A condition, and how deep and large it is."""

    condition: Condition
    depth: int
    values: int


class _Written(NamedTuple):
    """A value, and where it stands, for an error."""

    value: str | bool | decimal.Decimal
    place: str


def invalid(detail: str) -> FilterInvalid:
    """What is wrong with a filter, as an error."""
    return FilterInvalid(f"The filter {detail}.", [FieldError(POINTER, detail)])


class FilterBuilder(Transformer[Token, Read]):
    """What lark calls for each rule of the grammar."""

    @v_args(inline=True)
    def comparison(self, field: Field, operator: Token, value: _Written) -> Read:
        """A field against a value."""
        symbol = "!=" if operator == "<>" else str(operator)
        return Read(Comparison(field, Operator(symbol), _fitting(field, value)), 1, 1)

    @v_args(inline=True)
    def between(self, field: Field, least: _Written, most: _Written) -> Read:
        """A field within a range, both ends included."""
        ends = (
            Comparison(field, Operator.AT_LEAST, _fitting(field, least)),
            Comparison(field, Operator.AT_MOST, _fitting(field, most)),
        )
        return Read(AllOf(ends), 2, 2)

    def one_of(self, children: list[Any]) -> Read:
        """A field that equals any of some values."""
        field, *values = children
        if len(values) > MOST_VALUES:
            raise invalid(f"has {len(values):,} values for {field}; at most {MOST_VALUES:,} are taken")
        return Read(OneOf(field, tuple(_fitting(field, value) for value in values)), 1, len(values))

    def none_of(self, children: list[Any]) -> Read:
        """A field that equals none of some values."""
        return _negated(self.one_of(children))

    @v_args(inline=True)
    def exists(self, field: Field) -> Read:
        """A field that has a value."""
        return Read(Exists(field), 1, 1)

    @v_args(inline=True)
    def lacks(self, field: Field) -> Read:
        """A field that has none."""
        return _negated(self.exists(field))

    @v_args(inline=True)
    def negated(self, read: Read) -> Read:
        """The opposite."""
        return _negated(read)

    def all_of(self, children: list[Read]) -> Read:
        """All of them."""
        return _joined(AllOf(tuple(each.condition for each in children)), children)

    def any_of(self, children: list[Read]) -> Read:
        """At least one of them."""
        return _joined(AnyOf(tuple(each.condition for each in children)), children)

    def field(self, children: list[str]) -> Field:
        """Where a value stands."""
        return Field(tuple(children))

    @v_args(inline=True)
    def name(self, token: Token) -> str:
        """One step of a path."""
        return str(token) if token.type == "NAME" else token[1:-1].replace('""', '"')

    @v_args(inline=True)
    def text(self, token: Token) -> _Written:
        """A text in quotes."""
        return _Written(token[1:-1].replace("''", "'"), _place(token))

    @v_args(inline=True)
    def number(self, token: Token) -> _Written:
        """A number, as exact as it is written."""
        number = decimal.Decimal(token)
        if number and abs(number.adjusted()) > LARGEST_EXPONENT:
            raise invalid(f"has a number that is too large or too small{_place(token)}")
        return _Written(number, _place(token))

    @v_args(inline=True)
    def true(self, token: Token) -> _Written:
        """TRUE."""
        return _Written(value=True, place=_place(token))

    @v_args(inline=True)
    def false(self, token: Token) -> _Written:
        """FALSE."""
        return _Written(value=False, place=_place(token))


def _fitting(field: Field, written: _Written) -> Value:
    """The value as the field holds it.

    Raises:
        FilterInvalid: a field of every product holds another kind.
    """
    value = written.value
    if field.own is None or (field.own is Kind.TEXT and isinstance(value, str)):
        return value
    if field.own is Kind.NUMBER and isinstance(value, decimal.Decimal):
        return value
    if field.own is Kind.TIME and isinstance(value, str):
        return _time(field, value, written.place)
    raise invalid(f"compares {field}, which takes {WANTED[field.own]}, with another kind of value{written.place}")


def _time(field: Field, value: str, place: str) -> datetime.datetime:
    try:
        time = datetime.datetime.fromisoformat(value)
    except ValueError as error:
        raise invalid(f"compares {field} with {value!r}{place}, not an ISO 8601 time such as 2026-01-31") from error
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)


def _negated(read: Read) -> Read:
    if isinstance(read.condition, Not):
        return Read(read.condition.condition, read.depth - 1, read.values)
    return _within_bounds(Read(Not(read.condition), read.depth + 1, read.values))


def _joined(condition: Condition, children: list[Read]) -> Read:
    depth = 1 + max(each.depth for each in children)
    return _within_bounds(Read(condition, depth, sum(each.values for each in children)))


def _within_bounds(read: Read) -> Read:
    if read.depth > DEEPEST:
        raise invalid(f"is nested more than {DEEPEST} deep")
    if read.values > MOST_VALUES:
        raise invalid(f"has more than {MOST_VALUES:,} values")
    return read


def _place(token: Token) -> str:
    return f" at character {(token.start_pos or 0) + 1}"
