"""The page about the interface, and the document that it is made from."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask
from openapi_spec_validator import validate

from app.errors import ApiProblem, TriseekError
from app.http.app import GROUPS
from app.http.examples.table import example_of
from tests.app.http.conftest import Api
from tests.app.http.document import document_of

# Problems that no answer has.
OF_JOBS = {"embedding-abandoned", "search-abandoned", "search-failed", "host-private", "media-unfetchable"}
OF_JOBS |= {"import-abandoned", "import-unreadable", "no-active-space", "reindex-failed"}
OF_PROCESSES = {"settings-invalid", "media-missing", "backup-failed", "weights-invalid", "checkpoint-invalid"}
OF_PROCESSES |= {"stack-running", "service-failed", "server-unreachable"}
OF_PROCESSES |= {"tenant-unknown", "tenant-known", "tenant-refused"}
OF_TRAINING = {"encoder-unknown", "encoder-fixed", "voice-unknown", "judged-set-invalid", "dictionary-invalid"}
OF_OTHER_METHODS = {"method-unsupported"}  # of whatever is no call
NO_ANSWERS = OF_JOBS | OF_PROCESSES | OF_TRAINING | OF_OTHER_METHODS | {"filter-invalid"}  # which its schema tells
METHODS = {"get", "post", "put", "patch", "delete"}


def _calls(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for name, call in item.items():
            if name in METHODS:
                yield path, call


def _shown(part: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Every schema within a part of the document with every example of it."""
    if isinstance(part, dict):
        schema = part.get("schema", part if "type" in part else None)
        if schema is not None and "example" in part:
            yield schema, part["example"]
        if "schema" in part:
            yield from ((schema, each["value"]) for each in part.get("examples", {}).values() if "value" in each)
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _shown(each)


def test_the_document_is_as_openapi_says(api: Api) -> None:
    document = api.get("/openapi.json").json
    assert document["openapi"].startswith("3.1.")
    validate(document)


def test_every_call_says_what_it_does_takes_and_answers(api: Api) -> None:
    calls = list(_calls(api.get("/openapi.json").json))
    assert len(calls) >= 48
    for path, call in calls:
        assert call["summary"]
        assert call["security"] == ([{"key": []}] if path.startswith("/v1/") else [])
        assert "500" in call["responses"]
        assert ({"401", "403", "429", "503"} <= call["responses"].keys()) == path.startswith("/v1/")


def test_every_body_and_answer_has_an_example(app: Flask) -> None:
    document = document_of(app)
    for path, call in _calls(document.content):
        bodies = [call["requestBody"]] if "requestBody" in call else []
        answers = [document.resolve(each) for each in call["responses"].values()]
        for content_type, media_type in _media_types([*bodies, *answers]):
            is_text = "json" in content_type or "csv" in content_type or content_type == "multipart/form-data"
            is_binary = media_type["schema"].get("format") == "binary"
            assert is_binary or not is_text or "example" in media_type or media_type["examples"], (path, content_type)


def _media_types(parts: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in parts:
        yield from part.get("content", {}).items()


def test_every_example_is_as_its_schema_says(app: Flask) -> None:
    document = document_of(app)
    shown = list(_shown(document.content))
    assert len(shown) > 100
    for schema, example in shown:
        document.assert_valid(schema, example)


def test_every_example_of_a_body_is_taken_by_its_schema() -> None:
    for group in GROUPS:
        for contract in group.contracts:
            if contract.body is not None:
                examples = contract.body.examples.values() or [example_of(contract.body.schema)]
                assert [contract.body.schema().validate(example) for example in examples] == [{}] * len(examples)


def test_every_problem_is_answered_by_some_call_or_stands_elsewhere(api: Api) -> None:
    shown = api.get("/openapi.json").json["components"]["examples"]
    assert {each["value"]["type"].rpartition(":")[2] for each in shown.values()} == set(shown)
    ours = {each().type for each in _subclasses(TriseekError) if each is not ApiProblem}
    assert ours - set(shown) == NO_ANSWERS
    assert "detail" in shown["request-invalid"]["value"]["errors"][0]


def _subclasses(problem: type[TriseekError]) -> set[type[TriseekError]]:
    return {problem}.union(*(_subclasses(each) for each in problem.__subclasses__()))


def test_every_reference_of_the_document_leads_somewhere(api: Api) -> None:
    answer = api.get("/openapi.json")
    for name in set(re.findall(r'"#/components/schemas/(\w+)"', answer.text)):
        assert name in answer.json["components"]["schemas"]


def test_bounds_in_the_document_are_numbers(api: Api) -> None:
    price = api.get("/openapi.json").json["components"]["schemas"]["Product"]["properties"]["price"]
    assert price["minimum"] == 0


def test_the_page_names_every_call_and_fetches_nothing(api: Api) -> None:
    page = api.get("/docs")
    assert page.status_code == 200
    for path in api.get("/openapi.json").json["paths"]:
        assert path in page.text
    assert not re.search(r"<(script|link|img|iframe)|https?://", page.text)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_links_within_the_page_lead_somewhere(api: Api) -> None:
    page = api.get("/docs").text
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))
