"""Searches are refused while too many wait."""

from dataclasses import replace

from kombu import Connection

from app.http.app import create_app
from app.settings import Settings
from tests.app.http.conftest import Api, assert_problem


def test_a_search_is_refused_while_as_many_wait_as_may(
    api: Api, searches: str, http_settings: Settings, broker: Connection
) -> None:
    app = create_app(replace(http_settings, most_waiting_searches=2))
    busy = Api(app.test_client(), api.key)
    for _ in range(2):
        assert busy.post(searches, json={"text": "red"}).status_code == 202
    refused = busy.post(searches, json={"text": "red"})
    problem = assert_problem(refused, 503)
    assert problem["type"] == "urn:triseek:problem:too-many-waiting"
    assert refused.headers["Retry-After"] == "5"
    broker.SimpleQueue("query").clear()
    assert busy.post(searches, json={"text": "red"}).status_code == 202
    app.extensions["triseek"].close()


def test_where_the_broker_is_away_what_is_asked_is_accepted_and_waits(
    api: Api, searches: str, http_settings: Settings
) -> None:
    app = create_app(replace(http_settings, redis_url="redis://127.0.0.1:1/0", most_waiting_searches=1))
    away = Api(app.test_client(), api.key)
    assert away.post(searches, json={"text": "red"}).status_code == 202
    app.extensions["triseek"].close()
