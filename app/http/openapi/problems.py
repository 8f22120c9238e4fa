"""Problems in OpenAPI's words: an example for each type, and an answer for each status."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from app.errors import (
    BodyUnreadable,
    DatabaseUnreachable,
    FieldError,
    IdempotencyConflict,
    KeyRejected,
    MediaTooLarge,
    MediaUnreadable,
    RequestInvalid,
    TooManyRequests,
    TriseekError,
)
from app.http.openapi import headers
from app.http.problems import CONTENT_TYPE

Problem = type[TriseekError]
POINTED: dict[Problem, FieldError] = {
    RequestInvalid: FieldError("/price", "must be a number such as 1299.50: with a point, and no commas or spaces"),
    BodyUnreadable: FieldError("", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
    MediaUnreadable: FieldError("/images/0", "This is no picture that can be read."),
    MediaTooLarge: FieldError("/images/0", "A picture may have 64 MiB."),
    IdempotencyConflict: FieldError("/Idempotency-Key", "was used with another body"),
}
HEADERS = {
    KeyRejected.status: ["WWW-Authenticate"],
    TooManyRequests.status: ["Retry-After"],
    DatabaseUnreachable.status: ["Retry-After"],
}


def example(problem: Problem) -> dict[str, object]:
    """A problem of this type."""
    wrong = [POINTED[problem]] if problem in POINTED else []
    detail = f"{wrong[0].pointer or 'The body'}: {wrong[0].detail}" if wrong else ""
    return problem(detail, errors=wrong).problem()


def examples(problems: Iterable[Problem]) -> dict[str, Any]:
    """Examples by the problems' types, as OpenAPI's components."""
    return {name_of(each): {"summary": each().title, "value": example(each)} for each in ordered(problems)}


def responses(problems: Iterable[Problem]) -> dict[str, Any]:
    """Answers that may be any of some problems of one status, and no other: as OpenAPI's components."""
    return {_name(same): _response(status, same) for status, same in _by_status(problems)}


def references(problems: Iterable[Problem]) -> dict[str, Any]:
    """Those answers by their status, where an operation has them."""
    return {str(status): {"$ref": f"#/components/responses/{_name(same)}"} for status, same in _by_status(problems)}


def ordered(problems: Iterable[Problem]) -> list[Problem]:
    """Each once, by status and type."""
    return sorted(set(problems), key=lambda problem: (problem.status, name_of(problem)))


def name_of(problem: Problem) -> str:
    """What its type ends with: `request-invalid`."""
    return problem().type


def _by_status(problems: Iterable[Problem]) -> Iterator[tuple[int, list[Problem]]]:
    for status, same in groupby(ordered(problems), key=lambda problem: problem.status):
        yield status, list(same)


def _name(problems: list[Problem]) -> str:
    return ".".join(name_of(problem) for problem in problems)


def _response(status: int, problems: list[Problem]) -> dict[str, Any]:
    types = [example(problem)["type"] for problem in problems]
    told = {"$ref": "#/components/schemas/Problem"}
    narrowed = {"type": "object", "properties": {"type": {"enum": types}, "status": {"const": status}}}
    content = {
        "schema": {"allOf": [told, narrowed]},
        "examples": {name_of(each): {"$ref": f"#/components/examples/{name_of(each)}"} for each in problems},
    }
    return {
        "description": "; or ".join(problem().title for problem in problems) + ".",
        "headers": headers.references(*HEADERS.get(status, ())),
        "content": {CONTENT_TYPE: content},
    }
