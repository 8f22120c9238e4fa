"""Searches by the addresses of pictures and recordings."""

import hashlib
import io
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from kombu import Connection
from PIL import Image
from sqlalchemy import func, update

from app.catalog import service as catalog
from app.catalog.drafts import ProductDraft
from app.db import jobs, media, open_jobs, tenants
from app.db.job_tables import Job
from app.jobs.names import Queue
from app.jobs.upkeep import sweep
from app.search import fetching, service
from app.search.fetching import fetch_query
from app.types import JobKind, JobState, Modality, QueryPart, SearchQuery
from tests.app.broker import received
from tests.app.web_site import HOST, answer, web_site
from tests.conftest import Services


@pytest.fixture(scope="module")
def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def site(picture: bytes) -> Iterator[tuple[str, list[str]]]:
    pages = {"/a.png": answer(200, picture), "/b.png": answer(200, b"<svg/>"), "/large": answer(200, b"x" * 3 * 2**20)}
    with web_site(pages) as running:
        yield running


def _image(url: str, name: str = "image") -> QueryPart:
    return QueryPart(name=name, modality=Modality.IMAGE, url=url)


def _submit(services: Services, *parts: QueryPart) -> uuid.UUID:
    with services.jobs.transaction() as session:
        tenant = tenants.find_or_create(session, "default")
        catalog.put(session, tenant, "shop", ProductDraft(sku="a", title="Shoe"))
        return service.submit(session, tenant, "shop", SearchQuery(parts=parts)).id


def _fetch(services: Services, job_id: uuid.UUID) -> Job:
    settings = replace(services.settings, fetch_hosts=frozenset({HOST}), max_media_mb=2)
    fetch_query(services.jobs, services.store, settings, job_id)
    return _job(services, job_id)


def _job(services: Services, job_id: uuid.UUID) -> Job:
    with services.sessions() as session:
        found = jobs.get(session, job_id)
        assert found is not None
        return found


def _wrong(job: Job) -> dict[str, str]:
    assert job.state == JobState.FAILED
    error: dict[str, Any] = job.error or {}
    return {each["pointer"]: each["detail"] for each in error["errors"]}


def test_a_search_runs_once_its_picture_was_fetched(
    services: Services, broker: Connection, site: tuple[str, list[str]], picture: bytes
) -> None:
    url, _ = site
    text = QueryPart(name="query/0", modality=Modality.TEXT, text="shoe")
    job_id = _submit(services, text, _image(f"{url}/a.png", "query/1"))
    assert (received(broker, Queue.FETCH), received(broker, Queue.QUERY)) == ([[str(job_id)]], [])

    job = _fetch(services, job_id)

    assert (received(broker, Queue.FETCH), received(broker, Queue.QUERY)) == ([], [[str(job_id)]])
    digest = hashlib.sha256(picture).hexdigest()
    parts = service.read_query(job.request).parts
    assert [part.media for part in parts] == [None, digest]
    assert services.store.get(digest) == picture
    with services.sessions() as session:
        assert media.content_type(session, digest) == "image/png"


def test_what_cannot_be_had_ends_the_search_and_is_named(
    services: Services, broker: Connection, site: tuple[str, list[str]]
) -> None:
    url, _ = site
    names = ("a.png", "b.png", "large", "missing")
    job = _fetch(services, _submit(services, *(_image(f"{url}/{name}", f"query/{n}") for n, name in enumerate(names))))
    wrong = _wrong(job)
    assert list(wrong) == ["/query/1/image/url", "/query/2/image/url", "/query/3/image/url"]
    assert "not a picture" in wrong["/query/1/image/url"]
    assert "more than 2 MiB" in wrong["/query/2/image/url"]
    assert "404" in wrong["/query/3/image/url"]
    assert (job.error or {})["detail"].startswith("/query/1/image/url: ")
    assert received(broker, Queue.QUERY) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]"])
def test_private_hosts_are_not_asked(services: Services, host: str) -> None:
    job_id = _submit(services, _image(f"http://{host}/a.png"))
    fetch_query(services.jobs, services.store, services.settings, job_id)
    [(pointer, detail)] = _wrong(_job(services, job_id)).items()
    assert pointer == "/image/url"
    assert "not a public one" in detail


def test_nobody_waits_for_a_slow_host(
    services: Services, monkeypatch: pytest.MonkeyPatch, site: tuple[str, list[str]]
) -> None:
    monkeypatch.setattr(fetching, "WITHIN", 1e-9)
    url, asked = site
    assert "took more than" in _wrong(_fetch(services, _submit(services, _image(f"{url}/a.png"))))["/image/url"]
    assert asked == []


def test_a_fetch_that_was_lost_is_sent_again_and_a_search_that_was_fetched_runs(
    services: Services, broker: Connection, site: tuple[str, list[str]]
) -> None:
    job_id = _submit(services, _image(f"{site[0]}/a.png"))
    received(broker, Queue.FETCH)
    _grow_old(services, job_id)
    assert (received(broker, Queue.FETCH), received(broker, Queue.QUERY)) == ([[str(job_id)]], [])
    _fetch(services, job_id)
    received(broker, Queue.QUERY)
    _grow_old(services, job_id)
    assert (received(broker, Queue.FETCH), received(broker, Queue.QUERY)) == ([], [[str(job_id)]])


def test_no_batch_takes_a_search_that_is_to_be_fetched(services: Services, site: tuple[str, list[str]]) -> None:
    _submit(services, _image(f"{site[0]}/a.png"))
    first, second = (_submit(services, QueryPart(name="text", modality=Modality.TEXT, text="shoe")) for _ in range(2))
    with services.sessions.begin() as session:
        batch = open_jobs.start_with_waiting(session, second, JobKind.SEARCH, 10)
        assert [job.id for job in batch] == [second, first]


def test_a_cancelled_search_fetches_nothing(services: Services, site: tuple[str, list[str]]) -> None:
    url, asked = site
    job_id = _submit(services, _image(f"{url}/a.png"))
    with services.sessions.begin() as session:
        jobs.finish(session, job_id, JobState.CANCELLED)
    assert _fetch(services, job_id).state == JobState.CANCELLED
    assert asked == []


def _grow_old(services: Services, job_id: uuid.UUID) -> None:
    long_ago = func.now() - timedelta(days=1)
    with services.sessions.begin() as session:
        session.execute(
            update(Job).where(Job.id == job_id).values(queued_at=long_ago, started_at=long_ago, created_at=long_ago)
        )
    sweep(services.jobs, timedelta(seconds=60))
