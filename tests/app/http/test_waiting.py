"""Requests that wait for a job."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from app.db import jobs
from app.http.services import THREADS, Services
from app.http.waiting import SEATS
from app.types import JobState
from tests.app.http.conftest import Api


@pytest.fixture
def job(api: Api, searches: str) -> str:
    submitted: str = api.post(searches, json={"text": "red"}).json["job"]["id"]
    return submitted


def test_a_wait_that_fails_leaves_its_seat_to_the_next(
    api: Api, own: Services, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(type(own.watcher), "subscribe", fail)
        for _ in range(THREADS):
            assert api.get(f"/v1/jobs/{job}?wait=1").status_code == 500
    started = time.monotonic()
    api.get(f"/v1/jobs/{job}?wait=0.4")
    assert time.monotonic() - started >= 0.4


def test_more_waits_than_seats_are_answered_at_once(api: Api, own: Services, job: str) -> None:
    def wait(_: int) -> float:
        started = time.monotonic()
        answer = api.get(f"/v1/jobs/{job}?wait=30")
        return 0.0 if answer.json["state"] == "queued" else time.monotonic() - started

    with ThreadPoolExecutor(THREADS) as pool:
        waits = [pool.submit(wait, number) for number in range(THREADS)]
        time.sleep(2.0)
        refused = sum(each.done() for each in waits)
        with own.sessions.begin() as session:
            jobs.finish(session, UUID(job), JobState.CANCELLED)
        ended = [each.result(timeout=20) for each in waits]
    assert refused == THREADS - SEATS
    assert max(ended) < 10.0  # woken by the job's end, long before the time was over
