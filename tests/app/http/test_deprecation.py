"""What is to go says so: in its answers, in the document, on the page."""

import datetime

import pytest
from flask import Flask
from marshmallow import Schema, fields

from app.http import request_ids
from app.http.deprecation import Deprecation
from app.http.docs import make_docs
from app.http.endpoints import Answer, Endpoints, ProblemApi
from app.http.examples import table
from app.http.openapi import headers

GOES = Deprecation(since=datetime.date(2026, 1, 1), sunset=datetime.date(2026, 8, 1), instead="/docs#get-v2-things")


class _ThingSchema(Schema):
    name = fields.String(metadata={"description": "What it is called."})
    title = fields.String(metadata={"deprecated": True})


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An application with one call that is to go."""
    monkeypatch.setitem(table._BY_SCHEMA, _ThingSchema, {"name": "a"})
    old = Endpoints("old", "Old things.")

    @old.endpoint("GET", "/things", scopes=(), answers={200: _ThingSchema}, deprecated=GOES)
    def read_thing() -> Answer:
        """Read a thing."""
        return Answer(body={"name": "a"})

    app = Flask("app.http", template_folder="ui/templates")
    app.config.update(OPENAPI_URL_PREFIX="/", OPENAPI_JSON_PATH="openapi.json")
    request_ids.watch(app)
    told = {"title": "Old", "version": "1", "openapi_version": "3.1.0", "components": {"headers": headers.components()}}
    api = ProblemApi(app, spec_kwargs=told)
    api.register_blueprint(old)
    app.register_blueprint(make_docs(api.spec))
    return app


def test_an_answer_says_since_when_and_until_when(app: Flask) -> None:
    told = app.test_client().get("/v1/things").headers
    assert told["Deprecation"] == "@1767225600"
    assert told["Sunset"] == "Sat, 01 Aug 2026 00:00:00 GMT"
    assert told["Link"] == '</docs#get-v2-things>; rel="deprecation"'


def test_the_document_marks_the_call_and_the_field(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").json
    call = document["paths"]["/v1/things"]["get"]
    assert call["deprecated"] is True
    assert {"Deprecation", "Sunset", "Link"} <= call["responses"]["200"]["headers"].keys()
    assert document["components"]["schemas"]["_Thing"]["properties"]["title"]["deprecated"] is True


def test_the_page_marks_them_too(app: Flask) -> None:
    page = app.test_client().get("/docs").text
    assert "<strong>Deprecated.</strong> Read a thing." in page
    assert page.count("<small>deprecated</small>") == 1


def test_nothing_goes_sooner_than_was_promised() -> None:
    with pytest.raises(ValueError, match="180 days"):
        Deprecation(since=datetime.date(2026, 1, 1), sunset=datetime.date(2026, 5, 1), instead="/docs")
