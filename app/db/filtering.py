"""Conditions as SQL: a text of our own words and bound values, never a word of a client's."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.conditions import AllOf, AnyOf, Comparison, Condition, Exists, Field, Kind, Not, OneOf, Operator, Value

# What is searched: the rows of `products` that whoever acts may see, by their indexes (see migration 0012).
PRODUCTS = "searchable_products AS products"
CASTS = {Kind.TEXT: "text", Kind.NUMBER: "numeric", Kind.TIME: "timestamptz"}


@dataclass(frozen=True)
class Filter:
    """What stands after WHERE, of the table `products`."""

    text: str
    values: dict[str, Any] = field(default_factory=dict)


EVERYTHING = Filter("true")


def sql_of(condition: Condition | None) -> Filter:
    """The condition of products in SQL; true where there is none."""
    if condition is None:
        return EVERYTHING
    values: dict[str, Any] = {}
    return Filter(_written(condition, values), values)


def _written(condition: Condition, values: dict[str, Any]) -> str:
    match condition:
        case AllOf(conditions):
            return "(" + " AND ".join(_written(each, values) for each in conditions) + ")"
        case AnyOf(conditions):
            return "(" + " OR ".join(_written(each, values) for each in conditions) + ")"
        case Not(opposite):
            # What says nothing of a product is not so, and SQL's own NOT of nothing would be nothing.
            return f"({_written(opposite, values)}) IS NOT TRUE"
        case Exists(field):
            if field.own is not None:
                return f"products.{field.path[0]} IS NOT NULL"
            return f"products.attributes @? CAST({_bound(field.json_path, values)} AS jsonpath)"
        case OneOf(field, wanted):
            return _equals_any(field, wanted, values)
        case Comparison(field, Operator.UNEQUAL, value):
            return f"({_written(Exists(field), values)} AND ({_equals_any(field, [value], values)}) IS NOT TRUE)"
        case Comparison(field, Operator.EQUAL, value):
            return _equals_any(field, [value], values)
        case Comparison(field, operator, value):
            if field.own is not None:
                collated = ' COLLATE "C"' if field.own is Kind.TEXT else ""
                cast = f"CAST({_bound(value, values)} AS {CASTS[field.own]})"
                return f"products.{field.path[0]} {operator} {cast}{collated}"
            return _matches(f"{field.json_path} {operator} {_json(value)}", values)


def _equals_any(field: Field, wanted: Sequence[Value], values: dict[str, Any]) -> str:
    if field.own is not None:
        return f"products.{field.path[0]} = ANY (CAST({_bound(list(wanted), values)} AS {CASTS[field.own]}[]))"
    return _matches(" || ".join(f"{field.json_path} == {_json(value)}" for value in wanted), values)


def _matches(predicate: str, values: dict[str, Any]) -> str:
    return f"products.attributes @@ CAST({_bound(predicate, values)} AS jsonpath)"


def _json(value: Value) -> str:
    return json.dumps(value) if isinstance(value, str | bool) else str(value)


def _bound(value: object, values: dict[str, Any]) -> str:
    name = f"filter_{len(values)}"
    values[name] = value
    return f":{name}"
