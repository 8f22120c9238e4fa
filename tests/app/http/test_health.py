"""The probes."""

from dataclasses import replace

from app.http.app import create_app
from app.settings import Settings
from tests.app.http.conftest import Api


def test_a_process_that_answers_is_live(http_settings: Settings) -> None:
    settings = replace(
        http_settings, database_url="postgresql://nobody@127.0.0.1:1/none", redis_url="redis://127.0.0.1:1/0"
    )
    assert create_app(settings).test_client().get("/health/live").status_code == 200


def test_with_database_broker_and_space_it_is_ready(api: Api, space_id: int) -> None:
    assert space_id
    answer = api.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json["checks"] == {"database": True, "broker": True, "space": True}


def test_what_is_missing_is_named(http_settings: Settings) -> None:
    settings = replace(
        http_settings, database_url="postgresql://nobody@127.0.0.1:1/none", redis_url="redis://127.0.0.1:1/0"
    )
    answer = create_app(settings).test_client().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["checks"] == {"database": False, "broker": False, "space": False}
    assert answer.content_type == "application/problem+json"
    assert answer.json["type"] == "urn:triseek:problem:not-ready"
    assert "database" in answer.json["detail"]
