"""What web, workers and beat log, in JSON: whose work it is about, and nobody's secrets."""

import re
from typing import Any

import httpx
import psycopg
import pytest

from tests.system.observed.conftest import DATABASE, METRICS_TOKEN, PASSWORD, Observed, wait_until

WEBHOOK_SECRET = re.compile(r"whsec_\w")
FIELDS = {"time", "level", "logger", "message", "request_id", "job_id", "task"}


def test_every_line_is_an_object_with_the_same_fields(observed: Observed) -> None:
    observed.import_nothing("logged-1")
    for part in ("web", "worker"):
        records = observed.records(part)
        assert records
        assert all(record.keys() - {"exc_info"} == FIELDS for record in records)
    assert {"celery.beat", "celery.app.trace"} <= {record["logger"] for record in observed.records("worker")}


def test_what_a_worker_logs_of_a_job_names_request_job_and_task(observed: Observed) -> None:
    job = observed.import_nothing("logged-2")

    def told() -> list[dict[str, Any]]:
        return [record for record in observed.records("worker") if record["request_id"] == "logged-2"]

    wait_until(told)
    assert {(record["job_id"], record["task"]) for record in told()} == {(job["id"], "imports.run")}
    assert job["request_id"] == "logged-2"


def test_a_request_is_logged_under_the_id_of_its_answer(observed: Observed) -> None:
    observed.http.get("/v1/spaces", headers={"X-Request-Id": "logged-4"})

    def told() -> list[str]:
        return [record["message"] for record in observed.records("web") if record["request_id"] == "logged-4"]

    wait_until(told)
    (line,) = told()
    assert '"GET /v1/spaces HTTP/1.1" 200' in line


@pytest.fixture
def secrets(observed: Observed) -> list[str]:
    """What must never be told, made and used over HTTP."""
    key = observed.http.post("/v1/keys", json={"name": "page", "scopes": ["search"]}).json()["key"]
    made = observed.http.post("/v1/webhooks", json={"url": "https://no-such-host.invalid/"}).json()
    token = observed.http.post("/v1/search-tokens", json={"catalogue": "shop"}).json()["token"]
    return [observed.key, PASSWORD, METRICS_TOKEN, key, made["secret"], token]


def test_no_secret_is_logged_whatever_fails(observed: Observed, secrets: list[str]) -> None:
    observed.import_nothing("logged-3")
    for wrong in ("ts_" + "a" * 43, secrets[3][:-1], secrets[5] + "x"):
        asked = httpx.get(f"{observed.http.base_url}/v1/jobs", headers={"Authorization": f"Bearer {wrong}"})
        assert asked.status_code == 401
        secrets.append(wrong)
    _break_statements(observed)
    _shut_the_database(observed)
    logs = observed.text("web") + observed.text("worker")
    assert "Traceback" in observed.text("web")
    assert [secret for secret in secrets if secret in logs] == []
    assert WEBHOOK_SECRET.search(logs) is None


def _break_statements(observed: Observed) -> None:
    """What is written with a secret, or beside one, is refused by the database."""
    with psycopg.connect(observed.database_url, autocommit=True) as admin:
        for table, path, body in (
            ("webhooks", "/v1/webhooks", {"url": "https://no-such-host.invalid/"}),
            ("audit_log", "/v1/keys", {"name": "another", "scopes": ["admin"]}),
        ):
            admin.execute(f"ALTER TABLE {table} ADD CONSTRAINT refused CHECK (false) NOT VALID")  # type: ignore[arg-type]
            assert observed.http.post(path, json=body).status_code == 500
            admin.execute(f"ALTER TABLE {table} DROP CONSTRAINT refused")  # type: ignore[arg-type]


def _shut_the_database(observed: Observed) -> None:
    """Web and worker lose it for as long as it takes them to say so."""
    head, _, options = observed.database_url.partition("?")
    beside = f"{head.rpartition('/')[0]}/postgres?{options}"
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(beside, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS false")
        try:
            admin.execute(end, [DATABASE])
            assert observed.http.get("/v1/jobs").status_code == 503
            wait_until(lambda: "OperationalError" in observed.text("worker"))
        finally:
            admin.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS true")
    wait_until(lambda: observed.http.get("/v1/jobs").status_code == 200)
