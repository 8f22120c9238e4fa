"""Spaces are built from what is there, in this process: what the workers do, step by step."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import psycopg
import pytest

from app.catalog.drafts import ProductDraft
from app.db import catalogues, embeddings, jobs, spaces, tenants, vector_indexes
from app.db.space_tables import BackfillRange
from app.errors import ReindexRunning, SpaceNotReady
from app.spaces import reindex, verification
from app.spaces.indexing import clear_space
from app.types import JobState, Modality, SpaceState
from tests.end_to_end.conftest import CATALOGUE, Shop
from tests.end_to_end.reindexing import COUNT, RED_LAMP, SKUS, Reindexing, space_of, stored
from tests.workers.pictures import encoded, halves
from workers.alignment.card import AlignmentCard, save_card
from workers.bench.bent import bent
from workers.evaluation.self_check import KnownItem
from workers.evaluation.space_comparison import Pair
from workers.indexing import verifying
from workers.indexing.backfill import backfill_range
from workers.indexing.verifying import verify_space
from workers.kept_outputs import KeptOutputs


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bent(tmp_path_factory.mktemp("bent"))


@pytest.fixture
def reindexing(shop: Shop, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Reindexing:
    monkeypatch.setattr(reindex, "RANGE", 2)
    image = shop.store(encoded(halves(), "PNG"))
    drafts = [ProductDraft(sku=sku, title=f"Red lamp {sku}") for sku in SKUS[1:]]
    shop.upload(ProductDraft(sku="p0", title="Blue chair", images=(image,)), *drafts)
    return Reindexing(shop, stored(shop, folder))


def test_a_space_is_built_activated_and_gone_back_from(reindexing: Reindexing) -> None:
    shop = reindexing.shop
    job = reindexing.run()
    assert (job.state, job.done, job.failed, job.total) == (JobState.SUCCEEDED, COUNT, 0, COUNT)
    assert job.result is not None
    old, new = shop.towers.space.id, job.result["space"]
    assert reindexing.space(new).state == SpaceState.READY
    before, after = reindexing.vectors(old), reindexing.vectors(new)
    assert before.keys() == after.keys()
    assert all(not np.allclose(before[key], after[key], atol=1e-3) for key in before)
    assert [shop.search(RED_LAMP).result["space"]] == [old]
    reindexing.change("activate", new)
    found = shop.search(RED_LAMP).result
    assert (found["space"], {hit["sku"] for hit in found["hits"][:4]}) == (new, set(SKUS[1:]))
    assert reindexing.change("roll_back").id == old
    assert shop.search(RED_LAMP).result["space"] == old
    assert reindexing.change("roll_back").id == new  # and forth again


def test_what_comes_while_a_space_is_built_goes_into_both(reindexing: Reindexing) -> None:
    shop = reindexing.shop
    job_id = reindexing.submit()
    new = (reindexing.prepare(job_id).result or {})["space"]
    ranges = reindexing.ranges()
    backfill_range(shop.connections, shop.held, ranges[0])
    shop.put(ProductDraft(sku="p1", title="Green cup"), ProductDraft(sku="p4", title="Yellow cup"))
    shop.put(ProductDraft(sku="late", title="Late lamp"))
    for each in ranges[1:]:  # of products that wait nothing is written
        backfill_range(shop.connections, shop.held, each)
    assert ("p4", "text", 0) not in reindexing.vectors(new)
    shop.embed()
    reindexing.index(job_id)
    for space in (shop.towers.space.id, new):
        with shop.connections.sessions() as session:
            catalogue = catalogues.find_or_create(session, 1, CATALOGUE)
            ids = [shop.view(sku).product.id for sku in (*SKUS, "late")]
            rows = embeddings.tokens(session, reindexing.space(space), catalogue, ids)
        assert {row.product_id for row in rows} == set(ids)
    assert shop.job(job_id).state == JobState.SUCCEEDED


def test_a_product_that_was_claimed_before_a_space_came_is_not_missing_in_it(reindexing: Reindexing) -> None:
    from workers.ingest import embed_claimed, write_claimed  # noqa: PLC0415

    shop = reindexing.shop
    shop.put(ProductDraft(sku="p1", title="Green cup"))
    product = shop.view("p1").product
    with shop.connections.jobs.transaction() as session:
        claimed = embeddings.claim_pending(session, [product.id])
    embedding = embed_claimed(shop.connections, shop.held, [shop.towers.space], claimed)
    job_id = reindexing.submit()
    new = (reindexing.prepare(job_id).result or {})["space"]
    reindexing.backfill()
    with shop.connections.jobs.transaction() as session:
        write_claimed(session, claimed, embedding)
    assert shop.view("p1").embedding_state == "pending"  # it waits again, and for both
    shop.embed()
    assert shop.view("p1").embedding_state == "ready"
    assert ("p1", "text", 0) in reindexing.vectors(new)


def test_a_backfill_that_was_killed_goes_on_and_writes_nothing_twice(reindexing: Reindexing) -> None:
    shop = reindexing.shop
    job_id = reindexing.submit()
    new = (reindexing.prepare(job_id).result or {})["space"]
    first, *_ = reindexing.ranges()
    with shop.connections.sessions.begin() as session:
        session.get_one(BackfillRange, first).attempts = 3  # others took it, and died
    reindexing.backfill()
    backfill_range(shop.connections, shop.held, first)  # a late message
    reindexing.index(job_id)
    assert (shop.job(job_id).done, shop.job(job_id).state) == (COUNT, JobState.SUCCEEDED)
    assert reindexing.vectors(new).keys() == reindexing.vectors(shop.towers.space.id).keys()


def test_a_reindex_that_was_cancelled_goes_on_where_it_was(reindexing: Reindexing) -> None:
    shop = reindexing.shop
    first = reindexing.submit()
    assert reindexing.submit() == first  # the same again is the one that goes on
    reindexing.prepare(first)
    backfill_range(shop.connections, shop.held, reindexing.ranges()[0])
    with shop.connections.sessions.begin() as session:
        jobs.finish_as_it_is(session, first, JobState.CANCELLED)
    for each in reindexing.ranges():
        backfill_range(shop.connections, shop.held, each)
    assert shop.job(first).done == 2
    job = reindexing.run()
    assert (job.state, job.done, job.total) == (JobState.SUCCEEDED, COUNT - 2, COUNT - 2)


def test_an_incomplete_space_is_not_activated(reindexing: Reindexing) -> None:
    new = (reindexing.prepare(reindexing.submit()).result or {})["space"]
    with pytest.raises(SpaceNotReady, match="5 products are not in it yet"):
        reindexing.change("activate", new)
    reindexing.backfill()
    with pytest.raises(SpaceNotReady, match="its indexes are not"):
        reindexing.change("activate", new)


def test_two_reindexes_at_once_are_refused(reindexing: Reindexing, tmp_path: Path) -> None:
    other = stored(reindexing.shop, bent(tmp_path, seed=2))
    job_id = reindexing.submit()
    with pytest.raises(ReindexRunning, match=str(job_id)):
        reindexing.submit(other)
    reindexing.prepare(job_id)
    with reindexing.shop.connections.sessions.begin() as session:
        jobs.finish_as_it_is(session, job_id, JobState.CANCELLED)
    refused = reindexing.prepare(reindexing.submit(other))  # a space is left half built
    assert (refused.error or {})["status"] == 409
    assert "spaces retire" in (refused.error or {})["detail"]


def test_a_space_that_is_retired_while_it_is_built_gets_nothing_more(reindexing: Reindexing) -> None:
    shop = reindexing.shop
    job_id = reindexing.submit()
    new = (reindexing.prepare(job_id).result or {})["space"]
    first, *rest = reindexing.ranges()
    backfill_range(shop.connections, shop.held, first)
    reindexing.change("retire", new)
    for each in rest:
        backfill_range(shop.connections, shop.held, each)
    client = shop.connections.jobs
    clear_space(shop.connections.owner, client, new)
    assert reindexing.vectors(new) == {}
    job = shop.job(job_id)
    assert (job.state, (job.error or {})["detail"]) == (JobState.CANCELLED, f"Embedding space {new} was retired.")
    assert shop.search(RED_LAMP).result["space"] == shop.towers.space.id
    again = reindexing.run()  # it can be built anew
    assert (again.state, again.result["space"], again.done) == (JobState.SUCCEEDED, new, COUNT)


def test_the_space_that_answers_cannot_be_retired(reindexing: Reindexing) -> None:
    with pytest.raises(SpaceNotReady, match="answers searches"):
        reindexing.change("retire", reindexing.shop.towers.space.id)


def test_a_full_disk_is_told_and_got_over(reindexing: Reindexing) -> None:
    shop = reindexing.shop
    job_id = reindexing.submit()
    reindexing.prepare(job_id)
    with psycopg.connect(shop.connections.settings.database_url, autocommit=True) as database:
        database.execute("""
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON embeddings FOR EACH ROW EXECUTE FUNCTION full_disk()
""")
        backfill_range(shop.connections, shop.held, reindexing.ranges()[0])
        job = shop.job(job_id)
        assert job.state == JobState.RUNNING
        assert (job.result or {})["problem"].startswith("The database has no room left")
        assert shop.search(RED_LAMP).state == JobState.SUCCEEDED
        database.execute("DROP TRIGGER full_disk ON embeddings")
    reindexing.backfill()
    reindexing.index(job_id)
    assert shop.job(job_id).state == JobState.SUCCEEDED
    assert (shop.job(job_id).result or {})["problem"] is None


def test_an_index_that_was_left_half_built_is_built_anew(reindexing: Reindexing) -> None:
    shop = reindexing.shop
    job_id = reindexing.submit()
    new = (reindexing.prepare(job_id).result or {})["space"]
    reindexing.backfill()
    first, *_ = vector_indexes.indexes_of(reindexing.space(new))
    with psycopg.connect(shop.connections.settings.database_url, autocommit=True) as database:
        database.execute(first.creation())
        database.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [first.name])
        reindexing.index(job_id)
        indexes = "FROM pg_index JOIN pg_class ON oid = indexrelid WHERE relname LIKE %s"
        (found,) = database.execute(
            f"SELECT bool_and(indisvalid), count(*) {indexes}", [f"embeddings_p%_s{new}_%"]
        ).fetchall()
    assert found == (True, vector_indexes.PARTITIONS * len(Modality))


def test_an_artifact_for_another_encoder_is_refused(reindexing: Reindexing, folder: Path, tmp_path: Path) -> None:
    card = AlignmentCard.read(folder / "card.json")
    (tmp_path / "alignment.safetensors").write_bytes((folder / "alignment.safetensors").read_bytes())
    save_card(tmp_path, replace(card, encoders={**card.encoders, Modality.TEXT: "other-bert@123456789012"}))
    job = reindexing.prepare(reindexing.submit(stored(reindexing.shop, tmp_path)))
    assert job.state == JobState.FAILED
    assert "other-bert" in (job.error or {})["detail"]
    assert reindexing.shop.search(RED_LAMP).state == JobState.SUCCEEDED


def test_a_dimension_that_cannot_be_indexed_is_refused(reindexing: Reindexing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_indexes, "WIDEST", 500)
    job = reindexing.prepare(reindexing.submit())
    assert "512 numbers" in (job.error or {})["detail"]


def test_vectors_can_be_stored_with_fewer_numbers(reindexing: Reindexing) -> None:
    shop = reindexing.shop
    job_id = reindexing.submit(dim=64)
    new = space_of(reindexing.prepare(job_id))
    with shop.connections.sessions.begin() as session:
        jobs.finish_as_it_is(session, job_id, JobState.CANCELLED)
    shop.upload(ProductDraft(sku="other", title="Something else"))
    job = reindexing.run(dim=64)  # goes on with the same axes
    assert (space_of(job), reindexing.space(new).dim) == (new, 64)
    before, after = reindexing.vectors(shop.towers.space.id), reindexing.vectors(new)
    assert after["p1", "text", 0].shape == (64,)
    near = before["p1", "text", 0] @ before["p2", "text", 0]
    assert after["p1", "text", 0] @ after["p2", "text", 0] == pytest.approx(near, abs=0.02)
    reindexing.change("activate", new)
    found = shop.search(RED_LAMP, explain=True).result
    assert (found["space"], {hit["sku"] for hit in found["hits"][:4]}) == (new, set(SKUS[1:]))
    assert any(token["sees"] for token in found["hits"][0]["attention"])
    too_many = reindexing.prepare(reindexing.submit(dim=600))
    assert "--dim must be below that" in (too_many.error or {})["detail"]


def test_a_plan_is_told_and_nothing_done(reindexing: Reindexing) -> None:
    job = reindexing.prepare(reindexing.submit(dry_run=True))
    plan = (job.result or {})["plan"]
    assert (plan["products"], plan["contents"]) == (COUNT, {"text": COUNT, "image": 1, "speech": 0})
    assert plan["expected_seconds"] > 0
    assert plan["weights_mb"] > plan["shared_weights_mb"] > 200
    with reindexing.shop.connections.sessions() as session:
        assert len(spaces.every(session)) == 1


def test_kept_outputs_give_the_same_vectors_and_no_encoder_sees_anything(
    reindexing: Reindexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = reindexing.shop
    first = reindexing.run()
    assert first.encoded == COUNT + 1
    anew = reindexing.vectors(space_of(first))
    monkeypatch.setattr(shop.held, "outputs", KeptOutputs(shop.connections.store, 1))
    reindexing.clear(2)
    reindexing.run()  # which keeps what encoders give
    reindexing.clear(2)
    job = reindexing.run()
    assert job.encoded == 0
    kept = reindexing.vectors(space_of(job))
    assert kept.keys() == anew.keys()
    for key, vector in kept.items():
        np.testing.assert_allclose(vector, anew[key], atol=2e-3)
    # One that is damaged is encoded once more, and no other.
    reindexing.clear(2)
    picture = shop.towers.embedder.encoders[Modality.IMAGE].card.id
    with psycopg.connect(shop.connections.settings.database_url) as database:
        (digest,) = database.execute("SELECT digest FROM product_media").fetchone() or ("",)
    shop.connections.store.put_derived(f"outputs/{picture}/{digest[:2]}/{digest}", b"damaged")
    assert reindexing.run().encoded == 1
    for key, vector in reindexing.vectors(2).items():
        np.testing.assert_allclose(vector, anew[key], atol=2e-3)


def test_without_another_alignment_what_is_there_is_embedded_anew(reindexing: Reindexing) -> None:
    shop = reindexing.shop
    active = shop.towers.space.id
    before = reindexing.vectors(active)
    with psycopg.connect(shop.connections.settings.database_url, autocommit=True) as database:
        other = "(SELECT embedding FROM embeddings WHERE modality = 'text' LIMIT 1)"
        database.execute(f"UPDATE embeddings SET embedding = {other} WHERE modality = 'image'")
    assert not np.allclose(reindexing.vectors(active)["p0", "image", 0], before["p0", "image", 0], atol=0.1)
    job_id = reindexing.submit(reindex.DEFAULT)
    reindexing.prepare(job_id)
    assert shop.job(job_id).request["in_place"]
    reindexing.backfill()
    reindexing.index(job_id)
    assert reindexing.space(active).state == SpaceState.ACTIVE
    after = reindexing.vectors(active)
    for key, vector in before.items():
        np.testing.assert_allclose(after[key], vector, atol=2e-3)


def test_a_catalogue_has_a_space_of_its_own(reindexing: Reindexing) -> None:
    shop = reindexing.shop
    job = reindexing.run(catalogue=CATALOGUE)
    new = space_of(job)
    assert reindexing.space(new).catalogue_id is not None
    reindexing.change("activate", new)
    assert shop.search(RED_LAMP).result["space"] == new
    with shop.connections.sessions() as session:
        common = spaces.active(session)
        assert common is not None
        catalogue = catalogues.find_or_create(session, 1, CATALOGUE)
    assert common.id == shop.towers.space.id  # other catalogues keep it
    assert reindexing.change("roll_back", catalogue).id == common.id
    assert shop.search(RED_LAMP).result["space"] == common.id


def test_both_spaces_are_asked_for_products_by_their_own_contents(reindexing: Reindexing) -> None:
    shop = reindexing.shop
    shop.upload(ProductDraft(sku="p1", title="Red lamp p1", description="Of brass, for a desk"))
    shop.search(RED_LAMP)
    new = space_of(reindexing.run())
    with shop.connections.jobs.transaction() as session:
        tenant = tenants.find_or_create(session, "default")
        job_id = verification.submit(session, tenant, new, catalogue=None, searches=[]).id
    verify_space(shop.connections, shop.held, job_id)
    job = shop.job(job_id)
    found = job.result or {}
    assert (job.state, job.done, job.total) == (JobState.SUCCEEDED, 5, 5)
    assert found["coverage"]["new"] == found["coverage"]["active"] == COUNT
    rows = {row["kind"]: row["queries"] for row in found["quality"]}
    assert rows == {
        "all": 4,
        "part of picture → image": 1,
        "part of picture → text": 1,
        "title → image": 1,
        "title → text": 1,
    }
    assert all(row["R@10"]["new"] == 1 for row in found["quality"])
    assert (found["past"]["queries"], found["past"]["overlap@10"]) == (1, 1.0)
    assert found["is_ready"]
    with psycopg.connect(shop.connections.settings.database_url, autocommit=True) as database:
        database.execute("DELETE FROM embeddings WHERE space_id = %s AND product_id = 1", [new])
    with shop.connections.jobs.transaction() as session:
        job_id = verification.submit(session, tenant, new, catalogue=None, searches=[]).id
    verify_space(shop.connections, shop.held, job_id)
    found = shop.job(job_id).result or {}
    assert not found["is_ready"]
    assert found["reasons"][0] == "It has 4 products, 1 fewer than the active one."


def test_a_comparison_that_was_cancelled_goes_no_further(
    reindexing: Reindexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, new = reindexing.shop, space_of(reindexing.run())
    with shop.connections.jobs.transaction() as session:
        tenant = tenants.find_or_create(session, "default")
        job_id = verification.submit(session, tenant, new, catalogue=None, searches=[]).id
    compare, compared = verifying.Verifying._item_pair, []

    def cancelling(self: verifying.Verifying, item: KnownItem) -> Pair:
        compared.append(item)
        with shop.connections.jobs.transaction() as session:
            jobs.finish(session, job_id, JobState.CANCELLED)
        return compare(self, item)

    monkeypatch.setattr(verifying, "TOLD_EVERY", -1.0)
    monkeypatch.setattr(verifying.Verifying, "_item_pair", cancelling)
    verifying.verify_space(shop.connections, shop.held, job_id)
    assert len(compared) == 1
    assert shop.job(job_id).state == JobState.CANCELLED


def test_where_none_is_named_the_alignment_that_answers_is_meant(reindexing: Reindexing) -> None:
    new = space_of(reindexing.run())
    reindexing.change("activate", new)
    with reindexing.shop.connections.jobs.transaction() as session:
        tenant = tenants.find_or_create(session, "default")
        asked = {"places": "", "dim": None, "catalogue": None, "only": Modality.IMAGE, "dry_run": False}
        job_id = reindex.submit(session, tenant, artifact=None, **asked).id
    job = reindexing.prepare(job_id)
    assert (space_of(job), job.request["in_place"]) == (new, True)
    before = reindexing.vectors(new)
    reindexing.backfill()
    assert reindexing.shop.job(job_id).encoded == 1  # of modality image alone
    for key, vector in reindexing.vectors(new).items():
        np.testing.assert_allclose(vector, before[key], atol=2e-3)
