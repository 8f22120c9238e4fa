"""The interface's description as pages: made from the OpenAPI document, with nothing fetched from elsewhere."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apispec import APISpec
from flask import Blueprint, Response, make_response, render_template, request

from app.http.curl import commands

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that can be called."""

    method: str
    path: str
    content: Mapping[str, Any]  # OpenAPI's operation object

    @property
    def anchor(self) -> str:
        """What a link to it ends with."""
        return f"{self.method}-{self.path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}"


def make_docs(spec: APISpec) -> Blueprint:
    """The pages `/docs` and `/docs/curl` about an interface, as it is when they are read."""
    docs = Blueprint("docs", __name__)
    docs.add_app_template_filter(type_of, "type_of")

    @docs.get("/docs")
    def read_docs() -> Response:
        """The page."""
        return _page("docs.html", spec.to_dict())

    @docs.get("/docs/curl")
    def read_curl() -> Response:
        """The same calls as commands."""
        document = spec.to_dict()
        shown = {
            each.anchor: commands(document, each.method, each.path)
            for operations in operations_by_tag(document).values()
            for each in operations
        }
        return _page("curl.html", document, commands=shown, url=request.host_url.rstrip("/"))

    return docs


def _page(template: str, document: Mapping[str, Any], **more: object) -> Response:
    nonce = secrets.token_urlsafe(16)
    response = make_response(
        render_template(template, api=document, groups=operations_by_tag(document), nonce=nonce, **more)
    )
    response.headers["Content-Security-Policy"] = f"default-src 'none'; style-src 'nonce-{nonce}'"
    return response


def operations_by_tag(document: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """The operations of an OpenAPI document, in its order, by their first tag."""
    groups: dict[str, list[Operation]] = {tag["name"]: [] for tag in document.get("tags", ())}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                operation = Operation(method=method, path=path, content=item[method])
                groups.setdefault(operation.content.get("tags", ["more"])[0], []).append(operation)
    return {tag: operations for tag, operations in groups.items() if operations}


def type_of(schema: Mapping[str, Any]) -> dict[str, str]:
    """A JSON schema in few words: `text`, and `ref`, the named schema that it speaks of, or ''."""
    if "$ref" in schema:
        return {"text": "", "ref": schema["$ref"].rpartition("/")[2]}
    if "enum" in schema:
        return {"text": " | ".join(str(value) for value in schema["enum"]), "ref": ""}
    kinds = schema.get("type", "any")
    text = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if text.startswith("array"):
        inner = type_of(schema.get("items", {}))
        return {"text": f"list of {inner['text']}", "ref": inner["ref"]}
    return {"text": f"{text} ({schema['format']})" if "format" in schema else text, "ref": ""}
