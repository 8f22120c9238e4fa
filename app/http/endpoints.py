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
from app.errors import FieldError, RequestInvalid, TriseekError
from app.http import problems
from app.http.auth import authorize
from app.http.bodies import BodyKind
from app.http.deprecation import Deprecation
from app.http.openapi import paths
from app.http.openapi.contract import Content, Contract, Reply
from app.http.problems import ProblemSchema
from app.http.unstorable import refuse_unstorable
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


View = Callable[..., Answer | Response]


class _Parser(FlaskParser):
    """Reads query strings; a parameter that is unknown or wrong is our error."""

    DEFAULT_UNKNOWN_BY_LOCATION = FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION | {"query": "raise"}

    def load_querystring(self, req: Request, schema: Schema) -> Any:  # noqa: ANN401  webargs' signature
        """The parameters; RequestInvalid names what no database can compare."""
        refuse_unstorable({name: each[0] if len(each) == 1 else each for name, each in req.args.lists()})
        return super().load_querystring(req, schema)

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
        self.contracts: list[Contract] = []

    def endpoint(
        self,
        method: str,
        rule: str,
        *,
        scopes: Sequence[Scope],
        answers: Mapping[int, Reply | Content],
        problems: Sequence[type[TriseekError]] = (),
        query: type[Schema] | None = None,
        body: BodyKind | None = None,
        upload: Mapping[str, Any] | None = None,
        headers: Sequence[str] = (),
        tokens: bool = False,
        is_keyed: bool = True,
        deprecated: Deprecation | None = None,
    ) -> Callable[[View], View]:
        """Declares a view.

        Args:
            method: the HTTP method.
            rule: the path under the prefix.
            scopes: a key must have one of them; with none the view is open to all.
            answers: what it answers when all is well, by status: a schema; a content type where it is no JSON.
            problems: what else it may raise beside those that come of what is declared here: a wrong key, a wrong body.
            query: the query string; the view gets what it loads first.
            body: the body; the view gets it next.
            upload: a body that the view reads itself: OpenAPI's media type objects by content type.
            headers: request headers that are heeded here.
            tokens: whether a search token will do, too: the view then answers for what such a one may see.
            is_keyed: whether a POST's Idempotency-Key is heeded.
            deprecated: that it is to go, and when. A field is so by its metadata: `{"deprecated": True}`.
        """
        contract = Contract(
            method=method,
            rule=rule,
            scopes=scopes,
            replies={
                status: each if isinstance(each, Reply) else Reply(content=each) for status, each in answers.items()
            },
            query=query,
            body=body,
            upload=upload,
            headers=headers,
            problems=problems,
            is_keyed=is_keyed,
            deprecated=deprecated,
        )

        self.contracts.append(contract)
        return functools.partial(self._declare, contract, tokens=tokens)

    def _declare(self, contract: Contract, view: View, *, tokens: bool) -> View:
        handler = _answering(view, contract)
        if contract.query is not None:
            handler = self.arguments(contract.query, location="query")(handler)
        handler = _guarded(handler, contract.scopes, tokens=tokens) if contract.scopes else handler
        # Where flask-smorest looks for what its own decorators and callbacks document.
        documented = getattr(handler, "_apidoc", {})
        handler._apidoc = {**documented, "contract": contract}  # type: ignore[attr-defined]  # noqa: SLF001
        parameters = paths.parameters(contract.rule)
        self.route(contract.rule, methods=[contract.method], endpoint=view.__name__, parameters=parameters)(handler)
        return view


def _prepare_contract_doc(doc: dict[str, Any], doc_info: dict[str, Any], **_: object) -> dict[str, Any]:
    contract: Contract = doc_info["contract"]
    told = contract.operation()
    # webargs' own 422 goes, in a content type that ours has not.
    return {**doc, **told, "parameters": doc.get("parameters", []) + told["parameters"]}


def _refuse_body() -> None:
    """What a client says in a body that nobody reads must not seem to be heard.

    Raises:
        RequestInvalid: the body says something.
    """
    if request.stream.read(64).strip() not in (b"", b"{}"):
        raise RequestInvalid("This takes no body.", [FieldError("", "must be empty: what is meant stands in the URL")])


def _answering(view: View, contract: Contract) -> View:
    body, takes_none = contract.body, contract.body is None and contract.upload is None
    told = {} if contract.deprecated is None else contract.deprecated.headers()

    @functools.wraps(view)
    def answering(*arguments: Any, **names: Any) -> Response:  # noqa: ANN401  whatever the route brings
        if takes_none and request.method == "POST":
            _refuse_body()
        read = () if body is None else (body.read(),)
        answer = view(*arguments, *read, **names)
        response = answer.response() if isinstance(answer, Answer) else answer
        response.headers.update(told)
        if "ETag" in response.headers:
            response.make_conditional(request)
        return response

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
