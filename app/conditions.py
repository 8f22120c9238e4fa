"""What products must be like: the tree that a filter is read into, free of any language it was written in."""

from __future__ import annotations

import datetime
import decimal
import json
from dataclasses import dataclass
from enum import StrEnum

Value = str | bool | decimal.Decimal | datetime.datetime


class Operator(StrEnum):
    """How a field is compared with a value."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


class Kind(StrEnum):
    """What a field of every product holds."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"


# The fields that every product has; any other name is one of its attributes'.
OWN_FIELDS = {
    "sku": Kind.TEXT,
    "title": Kind.TEXT,
    "description": Kind.TEXT,
    "currency": Kind.TEXT,
    "price": Kind.NUMBER,
    "created_at": Kind.TIME,
    "updated_at": Kind.TIME,
}


@dataclass(frozen=True)
class Field:
    """Where a value stands: a field of every product, or a path into its attributes."""

    path: tuple[str, ...]

    @property
    def own(self) -> Kind | None:
        """What it holds if every product has it; None for an attribute."""
        return OWN_FIELDS.get(self.path[0]) if len(self.path) == 1 else None

    @property
    def json_path(self) -> str:
        """Where it stands in a product's attributes, as PostgreSQL's jsonpath says it."""
        return "$" + "".join(f".{json.dumps(step)}" for step in self.path)

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class Comparison:
    """A field against one value; of a list, any of its elements."""

    field: Field
    operator: Operator
    value: Value


@dataclass(frozen=True)
class OneOf:
    """A field that equals any of some values."""

    field: Field
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Exists:
    """A field that has a value."""

    field: Field


@dataclass(frozen=True)
class Not:
    """The opposite. What says nothing of a product, as of a field that it lacks, is not so."""

    condition: Condition


@dataclass(frozen=True)
class AllOf:
    """All of them."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one of them."""

    conditions: tuple[Condition, ...]


Condition = Comparison | OneOf | Exists | Not | AllOf | AnyOf


def fields_of(condition: Condition | None) -> list[Field]:
    """The fields that a condition speaks of, each once."""
    match condition:
        case None:
            return []
        case AllOf(conditions) | AnyOf(conditions):
            return list(dict.fromkeys(field for each in conditions for field in fields_of(each)))
        case Not(opposite):
            return fields_of(opposite)
        case _:
            return [condition.field]
