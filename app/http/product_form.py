"""A product as a multipart form."""

from typing import Any

from flask import request

from app.errors import FieldError, RequestInvalid
from app.http.bodies import read_json
from app.http.uploads import Uploads, check_parts, named_uploads

FIELD_OF_PART = {"image": "images", "speech": "speech"}


def read_product_form(uploads: Uploads) -> dict[str, Any]:
    """The JSON that the form stands for: its `product`, with the files that this does not name itself added.

    Raises:
        BodyUnreadable, RequestInvalid: naming the part that is missing or wrong.
    """
    text = uploads.take("product") or request.form.get("product")
    if text is None:
        raise RequestInvalid("The form has no part product.", [FieldError("/product", "is missing: the JSON")])
    content = read_json(text, "/product")
    if not isinstance(content, dict):
        raise RequestInvalid("The part product must be a JSON object.", [FieldError("/product", "must be an object")])
    named = named_uploads([content.get(name) for name in FIELD_OF_PART.values()])
    check_parts(request.form, uploads, fields=["product"], named=named)
    for part, name in FIELD_OF_PART.items():
        given = content.get(name, [])
        if isinstance(given, list) and (more := uploads.unnamed(part, named)):
            content[name] = given + more
    return content
