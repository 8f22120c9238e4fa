"""The live recall meter: searches by approximate scans, repeated exactly."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.catalog.drafts import ProductDraft
from app.db import jobs, ranking, recall
from app.db.job_tables import OutboxMessage
from app.db.ranking_statement import RankingStatement, Scan
from app.types import JobKind, Modality, QueryPart
from tests.end_to_end.conftest import Shop
from workers import search
from workers.recall import check_recall
from workers.retrieval import Retrieval

LAMP = QueryPart(name="text", modality=Modality.TEXT, text="lamp")
HOUR = timedelta(hours=1)


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    shop.upload(*[ProductDraft(sku=str(number), title=f"Lamp number {number}") for number in range(12)])
    return shop


def _mean(shop: Shop) -> tuple[int, float | None]:
    with shop.connections.sessions() as session:
        return recall.mean(session, HOUR)


def test_an_index_that_finds_all_has_a_recall_of_one(stocked: Shop) -> None:
    job = stocked.search(LAMP)
    assert _mean(stocked) == (0, None)
    check_recall(stocked.connections, stocked.held, job.id)
    assert _mean(stocked) == (1, 1.0)


def test_what_an_index_misses_is_seen(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    job = stocked.search(LAMP)
    rank = ranking.rank

    def forgetful(session: Session, statement: RankingStatement, scan: Scan) -> ranking.Ranked:
        found = rank(session, statement, scan)
        return replace(found, products=found.products[5:]) if scan is Scan.APPROXIMATE else found

    monkeypatch.setattr(ranking, "rank", forgetful)
    check_recall(stocked.connections, stocked.held, job.id)
    assert _mean(stocked) == (1, pytest.approx(0.5))


def test_one_approximate_search_in_many_is_checked(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def waiting() -> int:
        with stocked.connections.sessions() as session:
            return session.query(OutboxMessage).filter(OutboxMessage.task == "search.recall").count()

    monkeypatch.setattr(stocked.connections.jobs, "send", lambda _: [])  # what is sent leaves the outbox
    monkeypatch.setattr(search, "CHECKED_EVERY", 1)
    assert stocked.search(LAMP).result["scan"] == "exact"  # type: ignore[index]
    assert waiting() == 0
    monkeypatch.setattr(ranking, "COMPARED", 0)
    stocked.search(LAMP)  # asks for 200 of 12: there are too few, so all are compared after all
    assert waiting() == 0
    few = Retrieval.rank
    monkeypatch.setattr(Retrieval, "rank", lambda own, scan=None: few(own, scan, candidates=12))
    assert stocked.search(LAMP).result["scan"] == "approximate"  # type: ignore[index]
    assert waiting() == 1


def test_a_job_that_is_no_finished_search_is_passed_over(stocked: Shop) -> None:
    with stocked.connections.jobs.transaction() as session:
        job = jobs.add(session, tenant_id=1, catalogue_id=None, kind=JobKind.SEARCH, request={}, total=None)
    for job_id in (job.id, uuid.uuid4()):
        check_recall(stocked.connections, stocked.held, job_id)
    assert _mean(stocked) == (0, None)
