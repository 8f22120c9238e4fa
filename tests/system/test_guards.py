"""Every endpoint of the API asks for a key."""

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.http.app import create_app
from app.settings import Settings

# What needs no key, besides the search page.
OPEN = ("/health/", "/metrics", "/openapi.json", "/docs", "/static/", "/upload", "/admin")
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
VALUES = {
    "prefix": "ts_1234567",
    "rank": 1,
    "catalogue": "shop",
    "sku": "a",
    "job_id": "b",
    "digest": "0" * 64,
    "space_id": 1,
    "webhook_id": 1,
}


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    yield app
    app.extensions["triseek"].close()


def _api_rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/v1/")]


def test_every_endpoint_states_which_scopes_it_needs(app: Flask) -> None:
    unguarded = [
        rule.endpoint for rule in _api_rules(app) if not getattr(app.view_functions[rule.endpoint], "scopes", ())
    ]

    assert _api_rules(app)
    assert unguarded == []


def test_every_endpoint_refuses_a_request_without_a_key(app: Flask) -> None:
    client = app.test_client()
    with app.test_request_context():
        calls = [
            (method, app.url_map.bind("localhost").build(rule.endpoint, _values(rule), method=method))
            for rule in _api_rules(app)
            for method in (rule.methods or set()) & METHODS
        ]

    answers = {call: client.open(call[1], method=call[0]).status_code for call in calls}

    assert set(answers.values()) == {401}, answers


def test_what_is_open_is_on_the_list(app: Flask) -> None:
    beside = [rule.rule for rule in app.url_map.iter_rules() if not rule.rule.startswith("/v1/")]

    assert [rule for rule in beside if rule != "/" and not rule.startswith(OPEN)] == []


def _values(rule: Rule) -> dict[str, object]:
    return {name: VALUES[name] for name in rule.arguments}
