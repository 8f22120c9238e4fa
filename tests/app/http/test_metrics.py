"""What Prometheus reads."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, update
from sqlalchemy.orm import Session

from app.db import recall
from app.db.tables import Product
from app.http.app import create_app
from app.settings import Settings
from tests.app.http.conftest import Api, assert_problem


def _value(api: Api, series: str) -> float:
    lines = api.get("/metrics").text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{series} ")), 0.0)


def test_requests_are_counted_by_route_and_status(api: Api, products: str) -> None:
    series = 'triseek_http_requests_total{method="GET",route="/v1/catalogues/<catalogue>/products",status="404"}'
    before = _value(api, series)
    api.get(products)
    assert _value(api, series) == before + 1


@pytest.mark.parametrize("path", ["/no/such/path/5f1a", "/v1/jobs/%00"])
def test_a_path_never_becomes_a_series(api: Api, path: str) -> None:
    assert api.get(path).status_code == 404
    assert "5f1a" not in api.get("/metrics").text


def test_a_method_that_a_client_made_up_never_becomes_a_series(api: Api) -> None:
    assert api("X5F1B", "/v1/jobs").status_code == 405
    assert "X5F1B" not in api.get("/metrics").text


def test_jobs_that_have_not_ended_are_counted_by_kind(api: Api, products: str) -> None:
    series = 'triseek_jobs_open{kind="embed"}'
    before = _value(api, series)
    job = api.post(products, json={"sku": "a", "title": "one"}).json["job"]["id"]
    assert _value(api, series) == before + 1
    api.post(f"/v1/jobs/{job}/cancel")
    assert _value(api, series) == before


def test_the_recall_of_approximate_searches_is_told_once_there_is_one(
    api: Api, session: Session, space_id: int
) -> None:
    assert "\ntriseek_recall_at_10 " not in api.get("/metrics").text
    with session.begin():
        for share in (1.0, 0.8):
            recall.add(session, space_id, share)
    assert _value(api, "triseek_recall_checks") == 2
    assert _value(api, "triseek_recall_at_10") == pytest.approx(0.9)
    with session.begin():
        recall.forget(session, timedelta(0))
    assert _value(api, "triseek_recall_checks") == 0


def test_what_waits_is_counted_by_queue_and_its_age_told(api: Api, products: str, session: Session) -> None:
    series, age = 'triseek_queue_waiting{queue="embed"}', 'triseek_queue_oldest_seconds{queue="embed"}'
    before = _value(api, series)
    api.post(products, json={"sku": "a", "title": "one"})
    assert _value(api, series) == before + 1
    with session.begin():
        session.execute(update(Product).values(updated_at=func.now() - timedelta(hours=1), queued_at=func.now()))
    assert _value(api, age) == pytest.approx(3600, abs=60)


def test_searches_and_dry_runs_wait_in_queues_of_their_own(api: Api, searches: str, catalogue: str) -> None:
    names = ("query", "check", "import")
    before = [_value(api, f'triseek_queue_waiting{{queue="{name}"}}') for name in names]
    assert api.post(searches, json={"text": "shoe"}).status_code == 202
    row, kind = b'{"sku": "a", "title": "one"}', {"Content-Type": "application/x-ndjson"}
    for dry in ("true", "false"):
        path = f"/v1/catalogues/{catalogue}/imports?dry_run={dry}"
        assert api.post(path, data=row, headers=kind).status_code == 202
    after = [_value(api, f'triseek_queue_waiting{{queue="{name}"}}') for name in names]
    assert after == [count + 1 for count in before]


def test_connections_in_use_are_told(api: Api, app: Flask) -> None:
    with app.extensions["triseek"].engine.connect():
        assert _value(api, 'triseek_database_connections{state="in_use"}') >= 1


def test_figures_may_ask_for_a_token(http_settings: Settings) -> None:
    app = create_app(replace(http_settings, metrics_token="for-prometheus"))
    client = app.test_client()
    for wrong in ({}, {"Authorization": "Bearer other"}, {"Authorization": "Bearer "}, {"Authorization": "Bearer é"}):
        assert_problem(client.get("/metrics", headers=wrong), 401)
    assert client.get("/metrics", headers={"Authorization": "Bearer for-prometheus"}).status_code == 200
    app.extensions["triseek"].close()


def test_without_a_database_the_rest_is_still_told(http_settings: Settings) -> None:
    settings = replace(http_settings, database_url="postgresql://nobody@127.0.0.1:1/none")
    answer = create_app(settings).test_client().get("/metrics")
    assert answer.status_code == 200
    assert "triseek_http_requests" in answer.text
    assert "triseek_jobs_open{" not in answer.text
