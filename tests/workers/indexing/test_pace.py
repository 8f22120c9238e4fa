"""A backfill rests while searches go on, and writes in order."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.db import jobs, open_jobs, tenants
from app.types import JobKind, JobState
from tests.conftest import Services
from workers.connections import Connections
from workers.indexing import pace as module
from workers.indexing.pace import LONGEST_REST, REST, Pace


@pytest.fixture
def connections(services: Services) -> Iterator[Connections]:
    own = Connections.of(services.settings)
    yield own
    own.close()


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(module.time, "sleep", found.append)
    return found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the time is: a test moves it on."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def _search(services: Services, state: JobState = JobState.QUEUED) -> None:
    with services.sessions.begin() as session:
        tenant = tenants.find_or_create(session, "default")
        job = jobs.add(session, tenant_id=tenant, catalogue_id=None, kind=JobKind.SEARCH, request={}, total=None)
        job.state = state


def _written(pace: Pace, clock: list[float], seconds: float) -> None:
    def work() -> None:
        clock[0] += seconds

    pace.write(work)
    pace.wait()


def test_while_somebody_searches_it_rests_in_proportion(
    services: Services, connections: Connections, clock: list[float], rests: list[float]
) -> None:
    _search(services)
    pace = Pace(connections)
    _written(pace, clock, 0.1)
    _written(pace, clock, 60)
    assert rests == [pytest.approx(REST * 0.1), LONGEST_REST]


def test_where_nobody_searches_it_does_not(
    services: Services, connections: Connections, clock: list[float], rests: list[float]
) -> None:
    _search(services, JobState.SUCCEEDED)
    _written(Pace(connections), clock, 0.1)
    assert rests == []


def test_one_search_is_a_sign_of_others_for_a_while(
    services: Services, connections: Connections, clock: list[float], rests: list[float]
) -> None:
    _search(services)
    pace = Pace(connections)
    _written(pace, clock, 0.1)
    with services.sessions.begin() as session:
        for job in open_jobs.of_kind(session, JobKind.SEARCH):
            job.state = JobState.SUCCEEDED
    _written(pace, clock, 0.1)
    clock[0] += module.SEARCHED
    _written(pace, clock, 0.1)
    assert len(rests) == 2


def test_without_a_database_it_does_not_rest(connections: Connections, clock: list[float], rests: list[float]) -> None:
    away = replace(connections.settings, database_url="postgresql://nobody@127.0.0.1:1/nothing")
    _written(Pace(Connections.of(away)), clock, 0.1)
    assert rests == []


def test_what_comes_next_is_written_after_what_was_before(connections: Connections) -> None:
    order: list[int] = []
    may_end = threading.Event()
    pace = Pace(connections)

    def first() -> None:
        may_end.wait(10)
        order.append(1)

    pace.write(first)
    threading.Timer(0.05, may_end.set).start()
    pace.write(lambda: order.append(2))
    pace.wait()
    assert order == [1, 2]


def test_what_goes_wrong_is_not_swallowed(connections: Connections) -> None:
    def wrong() -> None:
        raise ValueError("no room")

    pace = Pace(connections)
    pace.write(wrong)
    with pytest.raises(ValueError, match="no room"):
        pace.wait()
