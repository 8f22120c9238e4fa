"""The probes."""

from dataclasses import replace

import pytest
import redis
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.http.app import create_app
from app.jobs.names import SERVED, Queue
from app.jobs.presence import ANNOUNCED_FOR, TAKEN, announce
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
    assert answer.json["checks"] == {"database": True, "migrations": True, "space": True, "broker": True}


def test_queues_that_no_worker_takes_from_are_a_warning(api: Api, space_id: int, http_settings: Settings) -> None:
    assert space_id
    others = [queue for queue in SERVED if queue is not Queue.QUERY]
    with redis.Redis.from_url(http_settings.redis_url) as broker:
        announce(broker, others)
        answer = api.get("/health/ready")
        assert 0 < broker.ttl(TAKEN.format(Queue.EMBED)) <= ANNOUNCED_FOR
        broker.delete(*[TAKEN.format(queue) for queue in SERVED])
    assert answer.status_code == 200
    assert answer.json["workers"] == {"query": False} | dict.fromkeys(others, True)
    assert [warning for warning in answer.json["warnings"] if "query" in warning] == answer.json["warnings"] != []


@pytest.mark.parametrize(("revision", "is_ready"), [("0001", False), ("9999", True)])
def test_tables_of_an_older_release_are_not_ready_those_of_a_newer_one_are(
    api: Api, space_id: int, session: Session, revision: str, is_ready: bool
) -> None:
    assert space_id
    with session.begin():
        (now,) = session.execute(text("SELECT version_num FROM alembic_version")).one()
        session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    answer = api.get("/health/ready")
    with session.begin():
        session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": now})
    assert (answer.status_code == 200, answer.json["checks"]["migrations"]) == (is_ready, is_ready)


def test_what_is_missing_is_named(http_settings: Settings) -> None:
    settings = replace(
        http_settings, database_url="postgresql://nobody@127.0.0.1:1/none", redis_url="redis://127.0.0.1:1/0"
    )
    answer = create_app(settings).test_client().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["checks"] == dict.fromkeys(("database", "migrations", "space", "broker"), False)
    assert answer.content_type == "application/problem+json"
    assert answer.json["type"] == "urn:triseek:problem:not-ready"
    assert "database" in answer.json["detail"]
