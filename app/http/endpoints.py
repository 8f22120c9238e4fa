"""How a view states its contract, who may call it, what comes in and what goes out; OpenAPI is built from it."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from flask import Request, Response, jsonify, request
from flask_smorest import Api, Blueprint
from marshmallow import Schema, ValidationError
from webargs.flaskparser import FlaskParser

from app.catalog.pointers import request_invalid
from app.errors import FieldError, RequestInvalid
from app.http import problems
from app.http.auth import authorize
from app.http.bodies import BodyKind
from app.http.problems import ProblemSchema
from app.types import Scope


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a view answers, as plain values."""

    status: int = 200
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """The answer as Flask sends it."""
        response = jsonify(self.body) if self.body is not None else Response()
        response.status_code = self.status
        response.headers.update(self.headers)
        return response


KEYED = {"Idempotency-Key": "The same key and body again get the first answer."}
View = Callable[..., Answer | Response]


class _Parser(FlaskParser):
    """Reads query strings; a parameter that is unknown or wrong is our error."""

    DEFAULT_UNKNOWN_BY_LOCATION = FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION | {"query": "raise"}

    def handle_error(
        self,
        error: ValidationError,
        req: Request,  # noqa: ARG002  webargs' signature
        schema: Schema,  # noqa: ARG002
        *,
        error_status_code: int | None,  # noqa: ARG002
        error_headers: Mapping[str, str] | None,  # noqa: ARG002
    ) -> NoReturn:
        """Raises RequestInvalid, each parameter by its name: `/limit`."""
        assert isinstance(error.messages, dict)  # webargs puts them under the location
        raise request_invalid(ValidationError(error.messages["query"])) from error


class Endpoints(Blueprint):  # type: ignore[misc]  # flask-smorest ships no types
    """A group of views under one prefix."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, name: str, description: str, *, prefix: str = "/v1") -> None:
        super().__init__(name, __name__, url_prefix=prefix or None, description=description)
        self._prepare_doc_cbks.append(_prepare_contract_doc)

    def endpoint(
        self,
        method: str,
        rule: str,
        *,
        scopes: Sequence[Scope],
        answers: Mapping[int, type[Schema] | str | None],
        query: type[Schema] | None = None,
        body: BodyKind | None = None,
        upload: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        tokens: bool = False,
        is_keyed: bool = True,
    ) -> Callable[[View], View]:
        """Declares a view.

        Args:
            method: the HTTP method.
            rule: the path under the prefix.
            scopes: a key must have one of them; with none the view is open to all.
            answers: what it answers when all is well: the schema by the status; a content type where it is no JSON.
            query: the query string; the view gets what it loads first.
            body: the body; the view gets it next.
            upload: a body that the view reads itself: OpenAPI schemas by content type.
            headers: request headers that matter here, and what they mean.
            is_keyed: whether a POST's Idempotency-Key is heeded.
            tokens: whether a search token will do, too: the view then answers for what such a one may see.
        """

        def declare(view: View) -> View:
            handler = _answering(view, body, takes_none=body is None and upload is None)
            for status, schema in answers.items():
                handler = self._documented(status, schema)(handler)
            if query is not None:
                handler = self.arguments(query, location="query")(handler)
            handler = _guarded(handler, scopes, tokens=tokens) if scopes else handler
            # Where flask-smorest looks for what its own decorators and callbacks document.
            told = {**(headers or {}), **(KEYED if method == "POST" and is_keyed else {})}
            documented: dict[str, Any] = handler._apidoc  # type: ignore[attr-defined]  # noqa: SLF001
            documented["contract"] = _contract(scopes, body, upload, told)
            self.route(rule, methods=[method], endpoint=view.__name__)(handler)
            return view

        return declare

    def _documented(self, status: int, schema: type[Schema] | str | None) -> Callable[[View], View]:
        wrong = self.alt_response(
            "default", schema=ProblemSchema, content_type=problems.CONTENT_TYPE, description="What went wrong"
        )
        if isinstance(schema, str):
            right = self.alt_response(
                status, schema={"type": "string", "format": "binary"}, content_type=schema, success=True
            )
        else:
            right = self.alt_response(status, schema=schema, success=True)
        return lambda view: wrong(right(view))


def _contract(
    scopes: Sequence[Scope],
    body: BodyKind | None,
    upload: Mapping[str, Any] | None,
    headers: Mapping[str, str],
) -> dict[str, Any]:
    contract: dict[str, Any] = {"security": [{"key": []}] if scopes else []}
    if body is not None:
        contract["requestBody"] = body.documentation()
    if upload is not None:
        content = {content_type: {"schema": schema} for content_type, schema in upload.items()}
        contract["requestBody"] = {"required": True, "content": content}
    contract["parameters"] = [
        {"in": "header", "name": name, "description": text, "schema": {"type": "string"}}
        for name, text in headers.items()
    ]
    return contract


def _prepare_contract_doc(doc: dict[str, Any], doc_info: dict[str, Any], **_: object) -> dict[str, Any]:
    contract = doc_info["contract"]
    parameters = doc.get("parameters", []) + contract["parameters"]
    # webargs' own 422, in a content type that ours has not; the default response tells of it.
    responses = {status: what for status, what in doc["responses"].items() if not isinstance(what, str)}
    return {**doc, **contract, "parameters": parameters, "responses": responses}


def _refuse_body() -> None:
    """What a client says in a body that nobody reads must not seem to be heard.

    Raises:
        RequestInvalid: the body says something.
    """
    if request.stream.read(64).strip() not in (b"", b"{}"):
        raise RequestInvalid("This takes no body.", [FieldError("", "must be empty: what is meant stands in the URL")])


def _answering(view: View, body: BodyKind | None, *, takes_none: bool) -> View:
    @functools.wraps(view)
    def answering(*arguments: Any, **names: Any) -> Response:  # noqa: ANN401  whatever the route brings
        if takes_none and request.method == "POST":
            _refuse_body()
        read = () if body is None else (body.read(),)
        answer = view(*arguments, *read, **names)
        return answer.response() if isinstance(answer, Answer) else answer

    return answering


def _guarded(handler: View, scopes: Sequence[Scope], *, tokens: bool) -> View:
    @functools.wraps(handler)
    def guarded(*arguments: Any, **names: Any) -> Answer | Response:  # noqa: ANN401  whatever the route brings
        authorize(scopes, tokens=tokens)
        return handler(*arguments, **names)

    guarded.scopes = tuple(scopes)  # type: ignore[attr-defined]  # read by the test that no endpoint is unguarded
    return guarded


class ProblemApi(Api):  # type: ignore[misc]  # flask-smorest ships no types
    """flask-smorest with our problems in place of its errors."""

    DEFAULT_ERROR_RESPONSE_NAME = None
    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        problems.register(self._app)
