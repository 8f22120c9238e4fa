"""A search as a multipart form."""

from typing import Any

from flask import request
from marshmallow import fields

from app.errors import FieldError, RequestInvalid
from app.http.bodies import read_json
from app.http.uploads import Uploads, check_parts, named_uploads

OPTIONS = ("limit", "against", "rerank", "explain", "filter", "facets", "min_relevance")
FIELDS = ("text", "product", "query", *OPTIONS)


def read_search_form(uploads: Uploads) -> dict[str, Any]:
    """The JSON that the form stands for.

    Files that `query` does not name are parts of their own; where anything comes twice, all are written in the long
    form. An empty text, which a page's form always sends, asks for nothing.

    Raises:
        BodyUnreadable, RequestInvalid: naming the part that is wrong.
    """
    long_form = _long_form()
    named = named_uploads(long_form)
    check_parts(request.form, uploads, fields=FIELDS, named=named)
    asked: list[tuple[str, Any]] = [("text", text) for text in request.form.getlist("text") if text.strip()]
    asked += [(part, medium) for part in ("image", "speech") for medium in uploads.unnamed(part, named)]
    asked += [("product", sku) for sku in request.form.getlist("product") if sku]
    content = _options()
    if long_form is not None or len(dict(asked)) < len(asked):
        content["query"] = [*(long_form or ()), *({name: value} for name, value in asked)]
    else:
        content |= dict(asked)
    return content


def _long_form() -> list[Any] | None:
    text = request.form.get("query")
    if not text:
        return None
    value = read_json(text, "/query")
    if not isinstance(value, list):
        raise RequestInvalid("The part query must be a JSON list.", [FieldError("/query", "must be a list")])
    return value


def _options() -> dict[str, Any]:
    options: dict[str, Any] = {name: request.form[name] for name in OPTIONS if request.form.get(name)}
    if "limit" in options and options["limit"].strip().isdecimal():
        options["limit"] = int(options["limit"][:9])
    for option in ("rerank", "explain"):
        if option in options:
            options[option] = _truth(options[option])
    if "min_relevance" in options:
        options["min_relevance"] = _number(options["min_relevance"])
    for option in ("against", "facets"):
        if option in options:
            options[option] = [name.strip() for each in request.form.getlist(option) for name in each.split(",")]
    return options


def _number(written: str) -> float | str:
    """What is no number stays as it is: the schema says what is wrong with it."""
    try:
        return float(written)
    except ValueError:
        return written


def _truth(written: str) -> bool | str:
    """The same."""
    return written in fields.Boolean.truthy if written in fields.Boolean.truthy | fields.Boolean.falsy else written
