"""Pages of other hosts: only those that the settings name, and only the interface."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from app.http.app import create_app
from app.http.services import Services
from tests.app.http.conftest import Api

SHOP, OTHER = "https://shop.example", "https://other.example"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type, prefer",
}


@pytest.fixture
def shared(own: Services) -> Iterator[FlaskClient]:
    app = create_app(replace(own.settings, cors_origins=frozenset({SHOP})))
    yield app.test_client()
    app.extensions["triseek"].close()


def _allowed(client: FlaskClient, path: str, origin: str) -> str | None:
    return client.options(path, headers={"Origin": origin, **PREFLIGHT}).headers.get("Access-Control-Allow-Origin")


def test_a_page_that_is_named_may_ask(shared: FlaskClient) -> None:
    path = "/v1/catalogues/shop/searches"
    answer = shared.options(path, headers={"Origin": SHOP, **PREFLIGHT})
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    refused = shared.post(path, headers={"Origin": SHOP}, json={"text": "red"})
    assert refused.status_code == 401
    assert refused.headers["Access-Control-Allow-Origin"] == SHOP  # or the page could not read why
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in refused.headers


def test_nobody_else_may_and_nothing_else(shared: FlaskClient) -> None:
    assert _allowed(shared, "/v1/catalogues/shop/searches", OTHER) is None
    assert _allowed(shared, "/v1/catalogues/shop/searches", "null") is None
    assert _allowed(shared, "/metrics", SHOP) is None


def test_nobody_may_unless_the_settings_name_some(api: Api) -> None:
    assert _allowed(api.http, "/v1/catalogues/shop/searches", SHOP) is None
