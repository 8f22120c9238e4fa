"""What clients see while a server is away."""

from dataclasses import replace

import pytest

from app.http.app import create_app
from app.settings import Settings
from tests.app.http.conftest import Api, assert_problem


def test_without_a_database_clients_are_told_to_come_again(http_settings: Settings) -> None:
    settings = replace(http_settings, database_url="postgresql://nobody@127.0.0.1:1/none")
    answer = Api(create_app(settings).test_client(), "ts_any").get("/v1/catalogues")
    assert_problem(answer, 503)
    assert answer.headers["Retry-After"]
    assert "127.0.0.1" not in answer.text


def test_without_a_broker_work_is_accepted_and_waits(
    http_settings: Settings, api: Api, products: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(replace(http_settings, redis_url="redis://127.0.0.1:1/0"))
    away = Api(app.test_client(), api.key)
    assert away.post(products, json={"sku": "a", "title": "one"}).status_code == 202
    assert "waits in the outbox" in caplog.text
    assert api.get(f"{products}/a").status_code == 200
    app.extensions["triseek"].close()
