"""A search done once more finds the same, or it is told what changed."""

import datetime
from typing import Any

from app.catalog.drafts import ProductDraft
from app.db import tenants
from app.db.job_tables import Job
from app.removal import service as removal
from app.search.service import submit_replay
from app.types import JobState, Modality, QueryPart
from tests.end_to_end.conftest import CATALOGUE, Shop
from workers.replaying import replay_search

LAMP = QueryPart(name="text", modality=Modality.TEXT, text="red lamp")


def _replayed(shop: Shop, search: Job) -> Job:
    with shop.connections.jobs.transaction() as session:
        job_id = submit_replay(session, tenants.find_or_create(session, "default"), search).id
    replay_search(shop.connections, shop.held, job_id)
    return shop.job(job_id)


def _result(job: Job) -> dict[str, Any]:
    assert job.state == JobState.SUCCEEDED, job.error
    return dict(job.result or {})


def test_the_same_query_in_the_same_space_gives_the_same_order(shop: Shop) -> None:
    shop.upload(*(ProductDraft(sku=f"p{number}", title=f"Red lamp {number}") for number in range(5)))
    search = shop.search(LAMP)
    found = _result(_replayed(shop, search))
    assert found == {
        "search": str(search.id),
        "space": shop.towers.space.id,
        "compared": 5,
        "is_same": True,
        "changes": [],
    }


def test_what_changed_since_is_told_product_by_product(shop: Shop) -> None:
    shop.upload(*(ProductDraft(sku=f"p{number}", title=f"Lamp {number}") for number in range(3)))
    search = shop.search(LAMP)
    shop.upload(ProductDraft(sku="new", title="Red lamp"))
    shop.upload(ProductDraft(sku="p1", title="Chair"))
    with shop.connections.jobs.transaction() as session:
        tenant = tenants.find_or_create(session, "default")
        removal.delete(session, tenant, CATALOGUE, "p2", datetime.timedelta())
    found = _result(_replayed(shop, search))
    told = {change.partition(":")[0]: change.rpartition(": ")[2] for change in found["changes"]}
    assert not found["is_same"]
    assert told["new"] == "it came after the search."
    assert told["p1"] == "it was changed after the search."
    assert told["p2"] == "it was deleted."


def test_in_a_space_that_is_retired_nothing_can_be_done_again(shop: Shop) -> None:
    shop.upload(ProductDraft(sku="p", title="Lamp"))
    search = shop.search(LAMP)
    with shop.connections.sessions.begin() as session:
        session.merge(shop.towers.space).state = "retired"
    job = _replayed(shop, search)
    assert job.state == JobState.FAILED
    assert "is retired" in (job.error or {})["detail"]
