"""Headers that answers and requests have a meaning for, each described once."""

from typing import Any

TOLD: dict[str, dict[str, Any]] = {
    "Content-Disposition": {
        "description": "Whether to show or to save it, and as what.",
        "example": 'attachment; filename="errors.csv"',
    },
    "Deprecation": {"description": "Since when this call is deprecated (RFC 9745).", "example": "@1764201600"},
    "ETag": {
        "description": "Names this content, for If-Match and If-None-Match (RFC 9110).",
        "example": '"1-2-64ab3c"',
    },
    "Link": {
        "description": "What is in the place of a call that goes.",
        "example": '</docs#get-v1-catalogues>; rel="deprecation"',
    },
    "Location": {"description": "Where the job is polled.", "example": "/v1/jobs/018f6d3e-7c1a-7b6e-9d3c-2f4b5a6c7d8e"},
    "Preference-Applied": {"description": "The preference that was heeded (RFC 7240).", "example": "wait=10"},
    "Retry-After": {"description": "In how many seconds to ask again.", "example": 5, "type": "integer"},
    "Sunset": {"description": "When this call goes away (RFC 8594).", "example": "Sat, 27 Nov 2027 00:00:00 GMT"},
    "WWW-Authenticate": {"description": "How to say who asks.", "example": 'Bearer realm="triseek"'},
    "X-Request-Id": {
        "description": "Names this request in the server's log: the sender's own, or a new one.",
        "example": "9f2c4b7e5d6a48d1b3c0f7e2a1d4c6b8",
    },
}
SOMETIMES = {"Retry-After"}  # the others are always there where they are named
ASKED: dict[str, dict[str, Any]] = {
    "Idempotency-Key": {
        "description": "The same key and body again get the first answer.",
        "example": "upload-2026-11-27-shoe-1",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "If-Match": {
        "description": "An ETag: the product must be as it was then; * : it must be there (RFC 9110).",
        "example": '"1-2-64ab3c"',
        "schema": {"type": "string"},
    },
    "If-None-Match": {
        "description": "To change it: * : the product must not be there yet. To read it: what is not to be sent again.",
        "example": "*",
        "schema": {"type": "string"},
    },
    "Prefer": {
        "description": "wait=10: wait up to 10 seconds, at most 60, for the finished job (RFC 7240).",
        "example": "wait=10",
        "schema": {"type": "string"},
    },
}


def components() -> dict[str, dict[str, Any]]:
    """The answers' headers, as OpenAPI's components."""
    return {
        name: {
            "description": told["description"],
            "required": name not in SOMETIMES,
            "schema": {"type": told.get("type", "string")},
            "example": told["example"],
        }
        for name, told in TOLD.items()
    }


def references(*names: str) -> dict[str, dict[str, str]]:
    """An answer's headers: these, and the id that each has."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *names)}


def parameter(name: str) -> dict[str, Any]:
    """A request's header as a parameter."""
    return {"in": "header", "name": name, **ASKED[name]}
