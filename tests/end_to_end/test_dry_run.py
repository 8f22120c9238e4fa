"""A dry run with the real encoders: what it finds wrong, what it foretells, and that nothing is left of it."""

import base64
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.catalog import importing
from app.catalog.drafts import MediaRef, ProductDraft
from app.catalog.importing import ImportRequest
from app.db import catalogues, job_errors, tenants
from app.db.job_tables import Job, JobError
from app.types import JobState
from tests.app.web_site import HOST, answer, web_site
from tests.end_to_end.conftest import CATALOGUE, Shop
from tests.workers.pictures import encoded, halves
from workers.examiner import Examiner

PICTURE = encoded(halves(), "PNG")
CUT_OFF = PICTURE[: len(PICTURE) // 2]  # its header is fine: only decoding tells


@pytest.fixture
def site() -> Iterator[str]:
    pages = {"/fine.png": answer(200, PICTURE), "/cut.png": answer(200, CUT_OFF), "/none.png": answer(404)}
    with web_site(pages) as (address, _):
        yield address


def _inline(data: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(data).decode()}


def _try(shop: Shop, rows: Sequence[Mapping[str, Any]]) -> tuple[Job, list[JobError]]:
    """The job at its end, in however many goes, and what it found wrong."""
    job_id = _submit(shop, rows)
    while not JobState(shop.job(job_id).state).is_final:
        _run(shop, job_id)
    with shop.connections.sessions() as session:
        return shop.job(job_id), job_errors.page(session, job_id, after=0, limit=1_000)


def _submit(shop: Shop, rows: Sequence[Mapping[str, Any]]) -> uuid.UUID:
    own = shop.connections
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    file = MediaRef(digest=own.store.put(data), bytes=len(data), content_type="")
    with own.jobs.transaction() as session:
        tenant = tenants.find_or_create(session, "default")
        return importing.submit(session, tenant, CATALOGUE, file, ImportRequest(dry_run=True)).id


def _run(shop: Shop, job_id: uuid.UUID) -> None:
    own = shop.connections
    settings = replace(own.settings, fetch_hosts=frozenset({HOST}))
    examiner = Examiner(lambda: shop.towers.embedder)
    importing.Importer(client=own.jobs, store=own.store, settings=settings, examiner=examiner).run(job_id)


def test_what_only_decoding_tells_is_told(shop: Shop, site: str) -> None:
    rows = [
        {"sku": "fine", "title": "Shoe", "images": [_inline(PICTURE)]},
        {"sku": "cut", "title": "Shoe", "images": [_inline(PICTURE), _inline(CUT_OFF)]},
        {"sku": "fetched", "images": [{"url": f"{site}/fine.png"}]},
        {"sku": "fetched-cut", "images": [{"url": f"{site}/cut.png"}]},
        {"sku": "gone", "images": [{"url": f"{site}/none.png"}]},
        {"sku": "wrong", "price": -1},
    ]
    job, errors = _try(shop, rows)
    assert (job.state, job.done, job.failed, job.total) == (JobState.SUCCEEDED, 2, 4, 6)
    found = {error.sku: (error.line, error.problem["errors"][0]["pointer"]) for error in errors}
    assert found["cut"] == (2, "/images/1")
    assert found["fetched-cut"] == (4, "/images/0")
    assert found["gone"] == (5, "/images/0")
    assert set(found) == {"cut", "fetched-cut", "gone", "wrong"}
    assert [error.line for error in errors] == sorted(error.line or 0 for error in errors)
    assert job.result is not None
    assert job.result["new"] == 5  # each is made, and found by the rest of it, but for the wrong row


def test_it_foretells_what_would_have_to_be_embedded(shop: Shop) -> None:
    known = [ProductDraft(sku=f"known{number}", title=f"Thing {number}") for number in range(3)]
    shop.upload(*known)
    rows = [
        {"sku": "known0", "title": "Thing 0", "price": 5},  # of which nothing is embedded
        {"sku": "known1", "title": "Another thing"},
        {"sku": "new", "title": "Shoe", "images": [_inline(PICTURE)]},
    ]
    job, _ = _try(shop, rows)
    assert job.result is not None
    assert {name: job.result[name] for name in ("new", "changed", "unchanged")} == {
        "new": 1,
        "changed": 1,
        "unchanged": 1,
    }
    assert 0 < job.result["expected_seconds"] < 60
    assert _try(shop, rows[:1])[0].result["expected_seconds"] == 0


def test_nothing_is_left_of_it(shop: Shop) -> None:
    rows = [{"sku": f"p{number}", "title": "Shoe", "images": [_inline(PICTURE)]} for number in range(100)]
    before = _files(shop)
    job, errors = _try(shop, rows)
    assert (job.done, errors) == (100, [])
    assert len(_files(shop)) == len(before) + 1  # the catalogue file itself
    with shop.connections.sessions() as session:
        assert catalogues.find(session, tenants.find_or_create(session, "default"), CATALOGUE) is None


def test_it_goes_on_where_it_was_cut_off(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.catalog.dry_run.DryRun.longest", 0.0)
    rows = [{"sku": f"p{number}", "title": f"Shoe {number}"} for number in range(100)]
    job_id = _submit(shop, rows)
    _run(shop, job_id)
    job = shop.job(job_id)
    assert job.state == JobState.RUNNING
    first = job.result["expected_seconds"]
    _run(shop, job_id)
    _run(shop, job_id)
    job = shop.job(job_id)
    assert (job.state, job.done, job.result["new"]) == ("succeeded", 100, 100)
    assert job.result["expected_seconds"] > first


def _files(shop: Shop) -> list[Path]:
    return [path for path in Path(shop.connections.settings.media_url).rglob("*") if path.is_file()]
