"""A view's contract in OpenAPI's words: what it takes, and every answer that it may give."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from marshmallow import Schema

from app.errors import (
    AddressTooLong,
    BodyTooLarge,
    BodyTooSlow,
    BodyUnreadable,
    BodyUnsupported,
    DatabaseUnreachable,
    HeaderTooLarge,
    IdempotencyConflict,
    KeyRejected,
    PathUnknown,
    RequestInvalid,
    RequestMalformed,
    ScopeMissing,
    TooManyRequests,
    TriseekError,
)
from app.http.bodies import BodyKind
from app.http.deprecation import Deprecation
from app.http.examples.table import example_of
from app.http.openapi import headers, paths, problems
from app.types import Scope

Content = type[Schema] | str | None  # a schema; a content type where it is no JSON; nothing


# What stands before every view, and what nobody foresaw.
BEFORE = (RequestMalformed, AddressTooLong, HeaderTooLarge, TriseekError)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is answered when all is well: its content, what comes in its header, an example."""

    content: Content
    headers: Sequence[str] = ()
    example: Any = None  # that of the schema unless told

    def response(self, status: int) -> dict[str, Any]:
        """This answer in OpenAPI's words."""
        told = {"description": HTTPStatus(status).phrase, "headers": headers.references(*self.headers)}
        if self.content is None:
            return told
        if isinstance(self.content, str):
            return told | {"content": {self.content: {"schema": {"type": "string", "format": "binary"}}}}
        example = self.example if self.example is not None else example_of(self.content)
        return told | {"content": {"application/json": {"schema": self.content, "example": example}}}


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a view declares of itself."""

    method: str
    rule: str
    scopes: Sequence[Scope]
    replies: Mapping[int, Reply]
    query: type[Schema] | None
    body: BodyKind | None
    upload: Mapping[str, Any] | None
    headers: Sequence[str]
    problems: Sequence[type[TriseekError]]
    is_keyed: bool
    deprecated: Deprecation | None = None

    def operation(self) -> dict[str, Any]:
        """The operation object, but for its query parameters, which flask-smorest adds."""
        told: dict[str, Any] = {
            "security": [{"key": []}] if self.scopes else [],
            "parameters": [headers.parameter(name) for name in self._asked()],
            "responses": {str(status): self._told(reply).response(status) for status, reply in self.replies.items()}
            | problems.references(self.may_raise()),
        }
        if self.body is not None:
            told["requestBody"] = self.body.documentation()
        if self.upload is not None:
            told["requestBody"] = {"required": True, "content": dict(self.upload)}
        return told | ({"deprecated": True} if self.deprecated is not None else {})

    def may_raise(self) -> Iterator[type[TriseekError]]:
        """Every problem that the view, or what stands before it, may answer."""
        yield from self.problems
        yield from BEFORE
        if paths.names_in(self.rule):
            yield PathUnknown
        if self.scopes:
            yield from (KeyRejected, ScopeMissing, TooManyRequests, DatabaseUnreachable)
        if self.query is not None or self.method == "POST":
            yield RequestInvalid
        if self.method == "POST" and self.is_keyed:
            yield IdempotencyConflict
        if self.method in ("POST", "PUT", "PATCH"):
            yield from (BodyTooLarge, BodyTooSlow)
        if self.body is not None or self.upload is not None:
            yield from (BodyUnsupported, RequestInvalid)
        if self.body is not None:
            yield BodyUnreadable

    def _told(self, reply: Reply) -> Reply:
        """An answer with what all answers of this call tell."""
        more = () if self.deprecated is None else self.deprecated.headers()
        return replace(reply, headers=[*reply.headers, *more])

    def _asked(self) -> Sequence[str]:
        is_keyed = self.method == "POST" and self.is_keyed
        return [*self.headers, *(["Idempotency-Key"] if is_keyed else [])]
