"""What is deleted is gone wherever it was, and counted; what is restorable comes back."""

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text, update

from app.catalog.drafts import ProductDraft
from app.db import media, tenants
from app.db.tables import Media, Removal
from app.errors import ProductThere, ProductUnknown
from app.removal import collecting, erasing, service, upkeep_jobs
from app.types import JobState, Modality, QueryPart
from tests.end_to_end.conftest import CATALOGUE, Shop
from tests.workers.pictures import encoded, halves
from workers.kept_outputs import KeptOutputs

LAMP = QueryPart(name="text", modality=Modality.TEXT, text="lamp")
WEEK = datetime.timedelta(days=7)


@pytest.fixture
def shop_with_lamps(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(shop.held, "outputs", KeptOutputs(shop.connections.store, 1))
    own, shared = (shop.store(encoded(picture, "PNG")) for picture in (halves(), halves().rotate(90)))
    shop.upload(
        ProductDraft(sku="a", title="Red lamp", images=(own, shared)),
        ProductDraft(sku="b", title="Blue lamp", images=(shared,)),
    )
    return shop


def _tenant(shop: Shop, work: Callable[..., Any], *arguments: Any) -> Any:
    with shop.connections.jobs.transaction() as session:
        return work(session, tenants.find_or_create(session, "default"), *arguments)


def _erased(shop: Shop, catalogue: str | None, sku: str | None) -> dict[str, Any]:
    job_id = _tenant(shop, erasing.submit, catalogue, sku).id
    upkeep_jobs.run(shop.connections.owner, shop.connections.jobs, shop.connections.store, job_id)
    job = shop.job(job_id)
    assert job.state == JobState.SUCCEEDED
    return dict(job.result or {})


def test_an_erased_product_is_gone_everywhere_and_counted(shop_with_lamps: Shop) -> None:
    shop = shop_with_lamps
    search = shop.search(LAMP)
    own, shared = (row.digest for row in shop.view("a").media)
    report = _erased(shop, CATALOGUE, "a")
    space = shop.towers.space.id
    removed = {"products": 1, f"vectors in space {space}": 3, "tokens": 3, "media": 1, "results": 1, "errors": 0}
    assert {name: report["removed"][name] for name in removed} == removed
    assert report["removed"]["bytes"] > 0
    assert (report["is_erased"], set(report["left"].values())) == (True, {0})
    assert [hit["sku"] for hit in (shop.job(search.id).result or {})["hits"]] == ["b"]
    store = shop.connections.store
    stored = {digest for digests in store.digests() for digest in digests}
    assert own not in stored
    assert shared in stored
    kept = shop.held.outputs
    assert kept is not None
    card = shop.towers.embedder.encoders[Modality.IMAGE].card
    assert kept.have(card, [own or "", shared or ""]) == [False, True]
    assert shop.found(LAMP) == ["b"]


def test_everything_of_a_tenant_can_be_erased(shop_with_lamps: Shop) -> None:
    shop = shop_with_lamps
    shop.search(LAMP)
    report = _erased(shop, None, None)
    assert (report["removed"]["products"], report["removed"]["catalogues"], report["removed"]["media"]) == (2, 1, 2)
    assert report["removed"]["jobs"] == 3
    with shop.connections.sessions() as session:
        for table in ("products", "product_media", "media", "catalogues", "removals"):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
        vectors = session.execute(text("SELECT count(catalogue_id) FROM embeddings")).scalar_one()
        assert vectors == 0


def test_an_erasure_that_was_cut_off_goes_on(shop_with_lamps: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = shop_with_lamps
    shop.search(LAMP)
    monkeypatch.setattr(erasing, "AT_ONCE", 1)
    job_id: uuid.UUID = _tenant(shop, erasing.submit, CATALOGUE, None).id

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(erasing, "remove_outputs", cut_off)
        with pytest.raises(KeyboardInterrupt):
            upkeep_jobs.run(shop.connections.owner, shop.connections.jobs, shop.connections.store, job_id)
    upkeep_jobs.run(shop.connections.owner, shop.connections.jobs, shop.connections.store, job_id)
    report = shop.job(job_id).result or {}
    assert (report["removed"]["products"], report["is_erased"]) == (2, True)


def test_a_deleted_product_leaves_frozen_answers_soon(shop_with_lamps: Shop) -> None:
    shop = shop_with_lamps
    search = shop.search(LAMP)
    _tenant(shop, service.delete, CATALOGUE, "a", datetime.timedelta())
    with shop.connections.sessions.begin() as session:
        assert service.remove_due(session) == 1
        assert service.remove_due(session) == 0
    assert [hit["sku"] for hit in (shop.job(search.id).result or {})["hits"]] == ["b"]
    with pytest.raises(ProductUnknown):
        _tenant(shop, service.restore, CATALOGUE, "a")


def test_a_deleted_product_comes_back_within_its_days(shop_with_lamps: Shop) -> None:
    shop = shop_with_lamps
    before = shop.view("a")
    _tenant(shop, service.delete, CATALOGUE, "a", WEEK)
    with shop.connections.sessions.begin() as session:
        assert service.remove_due(session) == 0
        session.execute(update(Media).values(unused_since=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)))
    collecting.collect(shop.connections.sessions, shop.connections.store)
    assert shop.found(LAMP) == ["b"]
    job = _tenant(shop, service.restore, CATALOGUE, "a")
    shop.embed()
    assert shop.job(job.id).state == JobState.SUCCEEDED
    after = shop.view("a")
    assert (after.product.title, [row.digest for row in after.media]) == (
        before.product.title,
        [row.digest for row in before.media],
    )
    assert set(shop.found(LAMP)) == {"a", "b"}
    with pytest.raises(ProductThere):
        _tenant(shop, service.restore, CATALOGUE, "a")


def test_an_erasure_also_forgets_what_could_be_brought_back(shop_with_lamps: Shop) -> None:
    shop = shop_with_lamps
    shop.search(LAMP)
    _tenant(shop, service.delete, CATALOGUE, "a", WEEK)
    report = _erased(shop, CATALOGUE, "a")
    assert (report["removed"]["results"], report["removed"]["media"]) == (1, 1)
    with shop.connections.sessions() as session:
        assert session.query(Removal).count() == 0


def test_what_nothing_needs_is_collected_after_a_while(shop_with_lamps: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = shop_with_lamps
    store, sessions = shop.connections.store, shop.connections.sessions
    own = next(row.digest for row in shop.view("a").media if row.ordinal == 0)
    unknown = store.put(b"of a transaction that never came")
    ref = shop.store(encoded(halves(), "JPEG"))
    asked = ref.digest
    with sessions.begin() as session:
        media.record(session, [(ref.digest, ref.bytes, "image/jpeg")])
    shop.search(QueryPart(name="image", modality=Modality.IMAGE, media=asked))
    _tenant(shop, service.delete, CATALOGUE, "a", datetime.timedelta())
    assert collecting.collect(sessions, store, dry_run=True) == {"unused": 1}
    first = collecting.collect(sessions, store)
    assert (first["media"], first["outputs"]) == (0, 2)  # an hour is not over; of a picture and of a title
    monkeypatch.setattr(collecting, "GRACE", datetime.timedelta())
    monkeypatch.setattr("app.media.store.FRESH", 0)
    found = collecting.collect(sessions, store)
    assert (found["media"], found["unknown"]) == (1, 1)
    left = {digest for digests in store.digests() for digest in digests}
    assert {own, unknown} & left == set()
    assert asked in left  # a search whose job is kept has it
    assert shop.found(LAMP) == ["b"]
    assert collecting.forget_jobs(sessions, datetime.timedelta()) == 4
    collecting.collect(sessions, store)
    assert asked not in {digest for digests in store.digests() for digest in digests}


def test_media_that_are_uploaded_again_are_in_use_again(shop_with_lamps: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = shop_with_lamps
    image = shop.store(encoded(halves(), "PNG"))
    _tenant(shop, service.delete, CATALOGUE, "a", datetime.timedelta())
    collecting.collect(shop.connections.sessions, shop.connections.store)
    shop.upload(ProductDraft(sku="c", title="Green lamp", images=(image,)))
    monkeypatch.setattr(collecting, "GRACE", datetime.timedelta())
    assert collecting.collect(shop.connections.sessions, shop.connections.store)["media"] == 0


def test_a_vacuum_tells_what_the_tables_take(shop_with_lamps: Shop) -> None:
    shop = shop_with_lamps
    job_id = _tenant(shop, upkeep_jobs.submit_vacuum, CATALOGUE).id
    upkeep_jobs.run(shop.connections.owner, shop.connections.jobs, shop.connections.store, job_id)
    result = shop.job(job_id).result or {}
    assert result["bytes_after"] > 0
