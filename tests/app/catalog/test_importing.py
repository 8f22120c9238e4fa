import json
import uuid
from collections.abc import Iterable

from app.catalog import importing, service
from app.catalog.drafts import MediaRef
from app.catalog.importing import ImportRequest
from app.db import catalogues, jobs
from app.db.tables import Job, JobError
from app.types import JobState
from tests.conftest import Services


def _import(services: Services, lines: Iterable[object], *, dry_run: bool = False) -> uuid.UUID:
    data = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode()
    file = MediaRef(digest=services.store.put(data), bytes=len(data), content_type="application/x-ndjson")
    with services.sessions.begin() as session:
        tenant = catalogues.first_tenant(session, "default")
        job_id = importing.submit(session, tenant, "shop", file, ImportRequest(dry_run=dry_run)).id
    importing.run_import(services.jobs, services.store, services.settings, job_id)
    return job_id


def _found(services: Services, job_id: uuid.UUID) -> tuple[Job, list[JobError]]:
    with services.sessions() as session:
        job = jobs.get(session, job_id)
        assert job is not None
        return job, jobs.errors(session, job_id, after=0, limit=100)


def _skus(services: Services) -> list[str]:
    with services.sessions() as session:
        tenant = catalogues.first_tenant(session, "default")
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
    assert _skus(services) == []


def test_an_empty_file_fails_with_a_reason(services: Services) -> None:
    job, _ = _found(services, _import(services, []))
    assert (job.state, job.error["detail"]) == (JobState.FAILED, "The file has no rows.")


def test_an_import_that_runs_again_counts_no_row_twice(services: Services) -> None:
    job_id = _import(services, [{"sku": str(number), "title": "thing"} for number in range(70)])
    importing.run_import(services.jobs, services.store, services.settings, job_id)
    job, _ = _found(services, job_id)
    assert (job.total, job.done, job.failed) == (70, 0, 0)
    assert job.result["rows"] == 70
