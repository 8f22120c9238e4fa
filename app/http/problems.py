"""Every error that reaches a client, as a problem document.

Source: RFC 9457, Problem Details for HTTP APIs.
"""

import json
import logging
from collections.abc import Mapping
from typing import cast

from flask import Flask, Response, current_app
from gunicorn.http.errors import ParseException
from marshmallow import INCLUDE, Schema, ValidationError, fields
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
)

from app.catalog.pointers import request_invalid
from app.errors import (
    BodyTooLarge,
    BodyTooSlow,
    DatabaseUnreachable,
    KeyRejected,
    MethodUnsupported,
    PathUnknown,
    RequestInvalid,
    RequestMalformed,
    TooManyRequests,
    TooManyWaiting,
    TriseekError,
)
from app.http.request_ids import request_id

log = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"
MEBIBYTE = 2**20


class FieldErrorSchema(Schema):
    """One wrong field."""

    pointer = fields.String(
        required=True, metadata={"description": "A JSON pointer (RFC 6901) into the request: /images/0"}
    )
    detail = fields.String(required=True, metadata={"description": "What is wrong there."})


class ProblemSchema(Schema):
    """What went wrong (RFC 9457). Some types tell more: whoever does not know it passes over it."""

    class Meta:
        """Members that are not listed here are no mistake."""

        unknown = INCLUDE

    type = fields.String(required=True, metadata={"format": "uri", "example": "urn:triseek:problem:request-invalid"})
    title = fields.String(required=True, metadata={"description": "The same for every problem of this type."})
    status = fields.Integer(required=True, metadata={"description": "The HTTP status."})
    detail = fields.String(required=True, metadata={"description": "What went wrong this time."})
    errors = fields.List(fields.Nested(FieldErrorSchema), metadata={"description": "Each field that is wrong."})


def register(app: Flask) -> None:
    """Answers every error with a problem."""
    app.register_error_handler(TriseekError, _ours)
    app.register_error_handler(ValidationError, lambda error: _ours(request_invalid(error)))
    app.register_error_handler(HTTPException, _http)
    # Of a body in chunks: gunicorn reads it while a view does.
    app.register_error_handler(ParseException, lambda error: _ours(RequestMalformed(str(error))))
    app.register_error_handler(DataError, _unstorable)
    app.register_error_handler(OperationalError, _unreachable)
    app.register_error_handler(PoolTimeoutError, _unreachable)
    app.register_error_handler(Exception, _unexpected)


def _ours(error: TriseekError) -> Response:
    response = _response(error.problem(), error.status)
    if isinstance(error, KeyRejected):
        response.headers["WWW-Authenticate"] = 'Bearer realm="triseek"'
    if isinstance(error, TooManyRequests | TooManyWaiting):
        response.headers["Retry-After"] = str(error.retry_after)
    if error.status == DatabaseUnreachable.status:
        response.headers["Retry-After"] = "5"
    return response


def problem_json(document: Mapping[str, object]) -> str:
    """A problem as it is sent, in ASCII: what a client sent may be echoed here, even text that UTF-8 cannot carry."""
    return json.dumps(document)


def _http(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error  # a redirect
    document = _named(error) or {
        "type": "about:blank",
        "title": error.name,
        "status": error.code,
        "detail": error.description or error.name,
    }
    response = _response(document, cast(int, document["status"]))
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value
    return response


def _named(error: HTTPException) -> dict[str, object] | None:
    """Our problem for what Werkzeug found wrong, if there is one."""
    if isinstance(error, RequestEntityTooLarge):
        return BodyTooLarge(_limits()).problem()
    if isinstance(error, ClientDisconnected):
        return BodyTooSlow().problem()
    if type(error) is BadRequest:
        return RequestMalformed(error.description or "").problem()
    if isinstance(error, MethodNotAllowed):
        return MethodUnsupported(f"This path takes {', '.join(sorted(error.valid_methods or ()))}.").problem()
    return PathUnknown().problem() if isinstance(error, NotFound) else None


def _limits() -> str:
    largest, field, parts = (
        current_app.config[name] for name in ("MAX_CONTENT_LENGTH", "MAX_FORM_MEMORY_SIZE", "MAX_FORM_PARTS")
    )
    return (
        f"A request may have {largest // MEBIBYTE} MiB in all; a form's field that is no file {field // MEBIBYTE} MiB, "
        f"and a form {parts} parts."
    )


def _unstorable(error: DataError) -> Response:
    log.warning("The database refused a value: %s", type(error.orig).__name__)
    return _ours(RequestInvalid("A value in this request cannot be stored or compared."))


def _unreachable(error: Exception) -> Response:
    log.error("The database cannot be reached: %s", type(error).__name__)
    return _ours(DatabaseUnreachable())


def _unexpected(error: Exception) -> Response:
    log.error("Request %s failed", request_id(), exc_info=error)
    return _ours(TriseekError(f"Something went wrong on our side; the server's log tells what of {request_id()}."))


def _response(document: dict[str, object], status: int) -> Response:
    return Response(problem_json(document), status=status, content_type=CONTENT_TYPE)
