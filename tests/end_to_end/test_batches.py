"""Searches that wait are answered together, and what is asked again is not embedded again."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from app.catalog.drafts import ProductDraft
from app.db import jobs, tenants
from app.db.job_tables import Job
from app.search.service import submit
from app.types import JobState, Modality, QueryPart, Role, SearchQuery
from tests.end_to_end.conftest import CATALOGUE, Shop
from tests.workers.pictures import encoded, halves
from workers.asked import Asked
from workers.content_encoder import Source
from workers.search import run_search

TITLES = {"lamp": "Red lamp", "chair": "Wooden chair", "boat": "Sailing boat"}


@pytest.fixture
def stocked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(shop.held, "asked", Asked(100))
    shop.upload(*(ProductDraft(sku=sku, title=title) for sku, title in TITLES.items()))
    return shop


def _text(text: str) -> QueryPart:
    return QueryPart(name="text", modality=Modality.TEXT, text=text)


def _submit(shop: Shop, *parts: QueryPart) -> uuid.UUID:
    with shop.connections.jobs.transaction() as session:
        tenant = tenants.find_or_create(session, "default")
        return submit(session, tenant, CATALOGUE, SearchQuery(parts=parts)).id


@contextmanager
def _embedding(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[Source]]]:
    """The contents that go through the text encoder together, in the block."""
    batches: list[list[Source]] = []
    embed = shop.towers.embedder.embed

    def noted(modality: Modality, contents: Sequence[Source], role: Role) -> Any:
        if modality is Modality.TEXT:
            batches.append(list(contents))
        return embed(modality, contents, role)

    with monkeypatch.context() as patched:
        patched.setattr(shop.towers.embedder, "embed", noted)
        yield batches


def _first(job: Job) -> str:
    assert job.result is not None, job.error
    first: str = job.result["hits"][0]["sku"]
    return first


def test_what_waits_is_answered_with_the_first(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = {sku: _submit(stocked, _text(title)) for sku, title in TITLES.items()}
    with _embedding(stocked, monkeypatch) as batches:
        run_search(stocked.connections, stocked.held, next(iter(waiting.values())))
    assert [sorted(map(str, each)) for each in batches] == [sorted(TITLES.values())]
    assert {sku: _first(stocked.job(job_id)) for sku, job_id in waiting.items()} == {sku: sku for sku in TITLES}


def test_no_more_are_taken_than_one_batch_has(stocked: Shop) -> None:
    held_back = replace(stocked.connections, settings=replace(stocked.connections.settings, query_batch=2))
    waiting = [_submit(stocked, _text(title)) for title in TITLES.values()]
    run_search(held_back, stocked.held, waiting[0])
    states = [stocked.job(job_id).state for job_id in waiting]
    assert states == [JobState.SUCCEEDED, JobState.SUCCEEDED, JobState.QUEUED]


def test_one_that_fails_stops_no_other(stocked: Shop) -> None:
    ref = stocked.store(b"no picture")
    fine, wrong = _submit(stocked, _text("Red lamp")), _submit(stocked, _image(ref.digest))
    run_search(stocked.connections, stocked.held, fine)
    assert _first(stocked.job(fine)) == "lamp"
    failed = stocked.job(wrong)
    assert failed.state == JobState.FAILED
    assert failed.error is not None
    assert failed.error["errors"][0]["pointer"] == "/image"


def test_one_that_was_begun_before_takes_no_other_with_it(stocked: Shop) -> None:
    again, other = _submit(stocked, _text("Red lamp")), _submit(stocked, _text("Sailing boat"))
    with stocked.connections.jobs.transaction() as session:
        jobs.start(session, again)
    run_search(stocked.connections, stocked.held, again)
    assert _first(stocked.job(again)) == "lamp"
    assert stocked.job(other).state == JobState.QUEUED


def test_what_is_asked_again_is_not_embedded_again(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = _image(stocked.store(encoded(halves(), "PNG")).digest)
    with _embedding(stocked, monkeypatch) as batches:
        before = stocked.search(_text("Red lamp"), picture)
        after = stocked.search(_text("Red lamp"), picture)
    assert [list(map(str, each)) for each in batches] == [["Red lamp"]]
    assert before.result is not None
    assert after.result is not None
    assert before.result["hits"] == after.result["hits"]


def test_no_more_is_kept_than_may_be(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stocked.held, "asked", Asked(1))
    with _embedding(stocked, monkeypatch) as batches:
        for text in ("Red lamp", "Sailing boat", "Sailing boat", "Red lamp"):
            stocked.search(_text(text))
    assert [list(map(str, each)) for each in batches] == [["Red lamp"], ["Sailing boat"], ["Red lamp"]]


def test_another_alignment_is_not_answered_from_what_is_kept(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    stocked.search(_text("Red lamp"))
    card = stocked.towers.embedder.alignment.card
    monkeypatch.setattr(stocked.towers.embedder.alignment, "card", replace(card, sha256="0" * 64))
    with _embedding(stocked, monkeypatch) as batches:
        stocked.held.asked.embed(stocked.towers.embedder, Modality.TEXT, {"Red lamp": "Red lamp"})
    assert len(batches) == 1


def _image(digest: str) -> QueryPart:
    return QueryPart(name="image", modality=Modality.IMAGE, media=digest)
