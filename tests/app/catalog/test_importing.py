import base64
import json
import uuid
from collections.abc import Iterable, Sequence

import pytest
from kombu import Connection
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog import importing, service, taking
from app.catalog.drafts import MediaRef, ProductDraft
from app.catalog.importing import ImportRequest
from app.db import catalogues, job_errors, jobs, tenants
from app.db.job_tables import Job, JobError
from app.errors import JobUnretriable, MediaStoreFull
from app.jobs import service as job_service
from app.jobs.names import Queue
from app.media.store import MediaStore
from app.types import JobState
from tests.app.broker import received
from tests.conftest import Services
from tests.workers.pictures import encoded, halves

PICTURE = base64.b64encode(encoded(halves(), "PNG")).decode()


def _import(services: Services, lines: Iterable[object], *, dry_run: bool = False, run: bool = True) -> uuid.UUID:
    data = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode()
    file = MediaRef(digest=services.store.put(data), bytes=len(data), content_type="application/x-ndjson")
    with services.sessions.begin() as session:
        tenant = tenants.find_or_create(session, "default")
        job_id = importing.submit(session, tenant, "shop", file, ImportRequest(dry_run=dry_run)).id
    if run:
        importing.Importer(client=services.jobs, store=services.store, settings=services.settings).run(job_id)
    return job_id


def _found(services: Services, job_id: uuid.UUID) -> tuple[Job, list[JobError]]:
    with services.sessions() as session:
        job = jobs.get(session, job_id)
        assert job is not None
        return job, job_errors.page(session, job_id, after=0, limit=100)


def _skus(services: Services) -> list[str]:
    with services.sessions() as session:
        tenant = tenants.find_or_create(session, "default")
        return [view.product.sku for view in service.page(session, tenant, "shop", after=0, limit=1000)]


def test_every_row_becomes_a_product(services: Services) -> None:
    job_id = _import(services, [{"sku": str(number), "title": "thing"} for number in range(150)])
    job, errors = _found(services, job_id)
    assert (job.state, job.total, errors) == (JobState.RUNNING, 150, [])
    assert len(_skus(services)) == 150


def test_a_bad_row_is_reported_by_its_line_and_stops_no_other(services: Services) -> None:
    rows = [{"sku": "a", "title": "x"}, "{broken", "[]", {"sku": "b", "titel": "x"}, "", {"sku": "c", "title": "x"}]
    job, errors = _found(services, _import(services, rows))
    assert (job.failed, job.total) == (3, 5)
    assert [(error.line, error.sku) for error in errors] == [(2, None), (3, None), (4, "b")]
    assert {"pointer": "/titel", "detail": "Unknown field."} in errors[2].problem["errors"]
    assert _skus(services) == ["a", "c"]


def test_a_bad_picture_is_named_by_its_place(services: Services) -> None:
    job, errors = _found(services, _import(services, [{"sku": "a", "images": [{"base64": "aGVsbG8="}]}]))
    assert job.state == JobState.FAILED
    assert errors[0].problem["errors"][0]["pointer"] == "/images/0"


def test_a_dry_run_writes_nothing(services: Services) -> None:
    job, errors = _found(services, _import(services, [{"sku": "a", "title": "x"}, {"sku": "b"}], dry_run=True))
    assert (job.state, job.done, job.failed, len(errors)) == (JobState.SUCCEEDED, 1, 1, 1)
    with services.sessions() as session:
        assert catalogues.find(session, tenants.find_or_create(session, "default"), "shop") is None


def test_an_empty_file_fails_with_a_reason(services: Services) -> None:
    job, _ = _found(services, _import(services, []))
    assert (job.state, job.error["detail"]) == (JobState.FAILED, "The file has no rows.")


def test_an_import_that_runs_again_counts_no_row_twice(services: Services) -> None:
    job_id = _import(services, [{"sku": str(number), "title": "thing"} for number in range(70)])
    importing.Importer(client=services.jobs, store=services.store, settings=services.settings).run(job_id)
    job, _ = _found(services, job_id)
    assert (job.total, job.done, job.failed) == (70, 0, 0)
    assert job.result["rows"] == 70


def test_an_import_goes_on_in_a_task_of_its_own_after_its_slice(
    services: Services, broker: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "SLICE", 0.0)
    job_id = _import(services, [{"sku": str(number), "title": "thing"} for number in range(150)])
    for _ in range(2):
        assert received(broker, Queue.IMPORT) == [[str(job_id)]]
        importing.Importer(client=services.jobs, store=services.store, settings=services.settings).run(job_id)
    received(broker, Queue.IMPORT)
    importing.Importer(client=services.jobs, store=services.store, settings=services.settings).run(job_id)
    job, _ = _found(services, job_id)
    assert (job.total, job.result["rows"]) == (150, 150)
    assert len(_skus(services)) == 150


def test_an_attempt_that_another_has_overtaken_writes_nothing_more(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = service.put_batch

    def overtaken(session: Session, catalogue: int, job_id: uuid.UUID, drafts: Sequence[ProductDraft]) -> None:
        if any(draft.sku == "100" for draft in drafts):
            with services.sessions.begin() as other:
                jobs.start(other, job_id)
        written(session, catalogue, job_id, drafts)

    monkeypatch.setattr(service, "put_batch", overtaken)
    job_id = _import(services, [{"sku": str(number), "title": "thing"} for number in range(200)])
    job, _ = _found(services, job_id)
    assert (job.state, job.total, job.result["rows"]) == (JobState.RUNNING, None, 64)
    assert len(_skus(services)) == 64


def test_a_file_waits_while_many_products_wait_to_be_embedded(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(_: float) -> None:
        with services.sessions.begin() as session:
            [job] = session.scalars(select(Job))
            jobs.finish(session, job.id, JobState.CANCELLED)

    monkeypatch.setattr(taking, "MOST_PENDING", 100)
    monkeypatch.setattr(taking.time, "sleep", cancelled)
    job_id = _import(services, [{"sku": str(number), "title": "thing"} for number in range(300)])
    assert _found(services, job_id)[0].state == JobState.CANCELLED
    assert len(_skus(services)) == 128


def test_rows_on_one_line_are_all_taken_by_slices(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "SLICE", 0.0)
    items = "".join(f"<item><id>{number}</id><title>thing</title></item>" for number in range(150))
    job_id = _import(services, [f"<rss>{items}</rss>"])
    for _ in range(3):
        importing.Importer(client=services.jobs, store=services.store, settings=services.settings).run(job_id)
    assert _found(services, job_id)[0].total == 150
    assert len(_skus(services)) == 150


def test_an_import_that_always_ends_its_worker_is_given_up(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise MemoryError

    job_id = _import(services, [{"sku": str(number), "title": "thing"} for number in range(10)], run=False)
    monkeypatch.setattr(service, "put_batch", broken)
    for _ in range(importing.MAX_TRIES):
        with pytest.raises(MemoryError):
            importing.Importer(client=services.jobs, store=services.store, settings=services.settings).run(job_id)
        assert _found(services, job_id)[0].state == JobState.RUNNING
    importing.Importer(client=services.jobs, store=services.store, settings=services.settings).run(job_id)
    job, _ = _found(services, job_id)
    assert job.state == JobState.FAILED
    assert "after row 0" in job.error["detail"]


def test_an_import_that_was_given_up_goes_on_where_it_was(
    services: Services, broker: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise MemoryError

    importer = importing.Importer(client=services.jobs, store=services.store, settings=services.settings)
    monkeypatch.setattr(taking, "SLICE", 0.0)
    job_id = _import(services, [{"sku": str(number), "title": "thing"} for number in range(100)])
    assert _found(services, job_id)[0].result["rows"] == 64
    with monkeypatch.context() as ill:
        ill.setattr(service, "put_batch", broken)
        for _ in range(importing.MAX_TRIES):
            with pytest.raises(MemoryError):
                importer.run(job_id)
        importer.run(job_id)
    with services.jobs.transaction() as session:
        tenant = tenants.find_or_create(session, "default")
        assert "after row 64" in job_service.find(session, tenant, str(job_id)).error["detail"]
        received(broker, Queue.IMPORT)
        assert job_service.retry(session, tenant, str(job_id)).state == JobState.QUEUED
        with pytest.raises(JobUnretriable, match="queued"):
            job_service.retry(session, tenant, str(job_id))
    assert received(broker, Queue.IMPORT) == [[str(job_id)]]
    importer.run(job_id)
    importer.run(job_id)
    job, _ = _found(services, job_id)
    assert (job.state, job.error, job.total, len(_skus(services))) == (JobState.RUNNING, None, 100, 100)


def test_an_import_waits_for_room_in_the_media_store(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise MediaStoreFull

    rows = [{"sku": str(number), "images": [{"base64": PICTURE}]} for number in range(3)]
    job_id = _import(services, rows, run=False)
    with monkeypatch.context() as without_room:
        without_room.setattr(MediaStore, "put", full)
        for _ in range(2 * importing.MAX_TRIES):
            importing.Importer(client=services.jobs, store=services.store, settings=services.settings).run(job_id)
    job, errors = _found(services, job_id)
    assert (job.state, job.total, errors) == (JobState.RUNNING, None, [])
    importing.Importer(client=services.jobs, store=services.store, settings=services.settings).run(job_id)
    assert _found(services, job_id)[0].total == 3
    assert len(_skus(services)) == 3
