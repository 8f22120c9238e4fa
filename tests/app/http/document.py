"""Holds what is answered against the OpenAPI document."""

import json
import re
from functools import cache
from typing import Any

import jsonschema_rs
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from app.http.openapi.headers import TOLD


@cache
def document_of(app: Flask) -> "Document":
    """An application's document, read once."""
    return Document(app)


class Document:
    """The OpenAPI document of an application."""

    def __init__(self, app: Flask) -> None:
        self.content: dict[str, Any] = app.test_client().get("/openapi.json").json
        self._app = app
        self._validator = cache(self._make_validator)

    def assert_describes(self, answer: TestResponse) -> None:
        """Fails unless the document foretells this answer: its status, its headers, its content."""
        operation = self._operation(answer.request.path, answer.request.method)
        if operation is None:
            return
        told = operation["responses"].get(str(answer.status_code))
        assert told is not None, f"{answer.request.method} {answer.request.path}: {answer.status} {answer.text[:300]}"
        told = self.resolve(told)
        self._assert_headers(told, answer)
        if "content" not in told:
            assert not answer.data
            return
        media_type = told["content"].get("*/*") or told["content"].get(answer.mimetype)
        assert media_type is not None, answer.content_type
        if answer.is_json and answer.content_encoding is None:
            self.assert_valid(media_type["schema"], answer.json)

    def assert_valid(self, schema: dict[str, Any], value: Any) -> None:
        """Fails unless a value is as a schema of the document says."""
        wrong = [
            f"{list(each.instance_path)}: {each.message}"
            for each in self._validator(json.dumps(schema)).iter_errors(value)
        ]
        assert not wrong, wrong[0]

    def resolve(self, part: dict[str, Any]) -> dict[str, Any]:
        """What a reference stands for; anything else as it is."""
        found: dict[str, Any] = part
        if "$ref" in part:
            found = self.content
            for name in part["$ref"].removeprefix("#/").split("/"):
                found = found[name]
        return found

    def _operation(self, path: str, method: str) -> dict[str, Any] | None:
        try:
            rule, _ = self._app.url_map.bind("localhost").match(path, method=method, return_rule=True)
        except HTTPException:
            return None
        item = self.content["paths"].get(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), {})
        found: dict[str, Any] | None = item.get(method.lower())
        return found

    def _assert_headers(self, told: dict[str, Any], answer: TestResponse) -> None:
        named = {name: self.resolve(header) for name, header in told.get("headers", {}).items()}
        unnamed = [name for name in TOLD if name in answer.headers and name not in named]
        assert not unnamed, unnamed
        missing = [name for name, header in named.items() if header["required"] and name not in answer.headers]
        assert not missing, missing

    def _make_validator(self, schema: str) -> Any:
        return jsonschema_rs.Draft202012Validator(
            {**json.loads(schema), "components": self.content["components"]}, validate_formats=True
        )
