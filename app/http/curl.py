"""The interface's calls as commands for a shell, made from the examples of the OpenAPI document."""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from app.http.bodies import MULTIPART

SHOWN_HEADERS = ("Prefer",)  # others are of use where something is known already
Part = Mapping[str, Any]


def commands(document: Part, method: str, path: str) -> list[str]:
    """One call, in each way that its body may come, to be run where `$URL` and `$KEY` are set."""
    item = document["paths"][path]
    operation = item[method]
    how = "" if method == "get" else f" -X {method.upper()}"
    lines = [f'curl{how} "$URL{_path(item, path)}"']
    if operation["security"]:
        lines.append('-H "Authorization: Bearer $KEY"')
    lines += [
        _header(each["name"], each["example"])
        for each in operation.get("parameters", ())
        if each["in"] == "header" and each["name"] in SHOWN_HEADERS
    ]
    bodies = list(_bodies(document, operation)) or [[]]
    return [" \\\n  ".join([*lines, *body]) for body in bodies]


def _header(name: str, value: str) -> str:
    return "-H " + shlex.quote(f"{name}: {value}")


def _path(item: Part, path: str) -> str:
    for each in item.get("parameters", ()):
        path = path.replace(f"{{{each['name']}}}", quote(str(each["example"]), safe=""))
    return path


def _bodies(document: Part, operation: Part) -> Iterator[list[str]]:
    """The first body that is no form, and the form, whose files lie beside."""
    content = operation.get("requestBody", {}).get("content", {})
    for content_type, media_type in list(content.items())[:1]:
        examples = [each["value"] for each in media_type.get("examples", {}).values()]
        sent = json.dumps(examples[0], ensure_ascii=False) if examples else media_type.get("example")
        data = "--data-binary @file.zip" if sent is None else f"--data-binary {shlex.quote(sent)}"
        yield [_header("Content-Type", content_type), data]
    if MULTIPART in content:
        yield list(_parts(document, content[MULTIPART]))


def _parts(document: Part, media_type: Part) -> Iterator[str]:
    reference = media_type["schema"].get("$ref", "").rpartition("/")[2]
    fields = document["components"]["schemas"].get(reference, media_type["schema"])["properties"]
    for name, value in media_type["example"].items():
        is_file = "binary" in (fields[name].get("format"), fields[name].get("items", {}).get("format"))
        written = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else "".join(value)
        yield "-F " + shlex.quote(f"{name}=@{written}" if is_file else f"{name}={written}")
