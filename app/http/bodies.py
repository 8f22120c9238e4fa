"""Request bodies: JSON, or a multipart form that stands for the same JSON with its files beside it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from flask import request
from marshmallow import Schema

from app.errors import BodyUnreadable, BodyUnsupported, FieldError, RequestInvalid
from app.http.examples.table import example_of
from app.http.unstorable import refuse_unstorable
from app.http.uploads import Uploads

MULTIPART = "multipart/form-data"


@dataclass(frozen=True, kw_only=True)
class Body:
    """A body that its schema has loaded."""

    content: dict[str, Any]
    uploads: Uploads
    digest: bytes  # SHA-256: the same body again has the same


@dataclass(frozen=True, kw_only=True)
class BodyKind:
    """Which bodies an endpoint takes."""

    schema: type[Schema]
    form: type[Schema] | None = None  # documents the multipart form
    read_form: Callable[[Uploads], dict[str, Any]] | None = None  # the JSON that a multipart form stands for
    content_types: tuple[str, ...] = ("application/json",)
    examples: dict[str, Any] = field(default_factory=dict)
    is_required: bool = True  # else no body at all says the same as {}

    def documentation(self) -> dict[str, Any]:
        """The body in OpenAPI's words."""
        examples = self.examples or {"usual": example_of(self.schema)}
        shown = {name: {"value": value} for name, value in examples.items()}
        content: dict[str, Any] = {
            content_type: {"schema": self.schema, "examples": shown} for content_type in self.content_types
        }
        if self.form is not None:
            content[MULTIPART] = {"schema": self.form, "example": example_of(self.form)}
        return {"required": self.is_required, "content": content}

    def read(self) -> Body:
        """Reads the request's body.

        Raises:
            BodyUnsupported: it is of another content type, or encoded.
            BodyUnreadable: it is not JSON.
            marshmallow.ValidationError, RequestInvalid: naming each wrong field.
        """
        encoding = request.headers.get("Content-Encoding", "identity")
        if encoding.lower() != "identity":
            raise BodyUnsupported(f"A body encoded with {encoding} cannot be read here; send it as it is.")
        if request.mimetype == MULTIPART and self.read_form is not None:
            uploads = Uploads.read(request.files)
            digest = uploads.digest(request.form)
            content = self.read_form(uploads)
        elif request.is_json or not request.mimetype:
            uploads = Uploads()
            data = request.get_data(cache=False)
            request.stream.read(1)  # a body without a stated length ends at the limit: only reading on tells (413)
            digest = hashlib.sha256(data).digest()
            content = read_json(data) if data or self.is_required else {}
        else:
            taken = ", ".join([*self.content_types, *([MULTIPART] if self.read_form else [])])
            raise BodyUnsupported(f"A body of type {request.mimetype} cannot be read here; send {taken}.")
        if not isinstance(content, dict):
            raise RequestInvalid("The body must be a JSON object.", [FieldError("", "must be a JSON object")])
        refuse_unstorable(content)
        return Body(content=self.schema().load(content), uploads=uploads, digest=digest)


def read_json(data: bytes | str, pointer: str = "") -> Any:  # noqa: ANN401  any JSON value
    """A JSON value.

    Raises:
        BodyUnreadable: it is not JSON; NaN and Infinity are not.
    """
    if not data.strip():
        raise BodyUnreadable("The body is empty; JSON is expected.", [FieldError(pointer, "is empty")])
    try:
        return json.loads(data, parse_constant=_not_json)
    except RecursionError as error:
        raise BodyUnreadable("The JSON is nested too deep.", [FieldError(pointer, "is nested too deep")]) from error
    except ValueError as error:
        wrong = FieldError(pointer, f"is not JSON: {error}")
        raise BodyUnreadable(f"{pointer or 'The body'} is not JSON: {error}", [wrong]) from error


def _not_json(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
