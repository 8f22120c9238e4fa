import pytest

from app.catalog.drafts import ProductDraft
from app.db import embeddings
from app.errors import ProductUnknown
from app.sample.speech import synthesise
from app.types import JobState, Modality, QueryPart
from tests.end_to_end.conftest import Shop
from workers.ingest import MAX_ATTEMPTS, embed_claimed, embed_products, write_claimed

TRUNCATED_JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + b"\xff\xdb"


def test_a_damaged_picture_fails_its_product_by_name_and_no_other(shop: Shop) -> None:
    broken = ProductDraft(sku="broken", images=(shop.store(TRUNCATED_JPEG),))
    failed, done = shop.upload(broken, ProductDraft(sku="good", title="Lamp"))
    assert (failed.state, done.state) == (JobState.FAILED, JobState.SUCCEEDED)
    assert failed.error["errors"][0]["pointer"] == "/images/0"
    assert (shop.view("broken").embedding_state, shop.view("good").embedding_state) == ("failed", "ready")


def test_a_product_with_a_damaged_picture_is_still_found_by_its_title(shop: Shop) -> None:
    shop.upload(ProductDraft(sku="half", title="Green lamp", images=(shop.store(b"no picture"),)))
    assert shop.found(QueryPart(name="text", modality=Modality.TEXT, text="green lamp")) == ["half"]
    assert shop.view("half").modalities == ["text"]


def test_bytes_that_the_store_has_lost_fail_the_product(shop: Shop) -> None:
    ref = shop.store(b"x" * 100)
    shop.connections.store._files.rm(shop.connections.store._path(ref.digest))
    (job,) = shop.upload(ProductDraft(sku="lost", images=(ref,)))
    assert job.state == JobState.FAILED


def test_an_unreadable_query_recording_fails_the_search_by_name(shop: Shop) -> None:
    shop.upload(ProductDraft(sku="a", title="Lamp"))
    noise = shop.store(b"\x00\x01\x02" * 50).digest
    job = shop.search(QueryPart(name="speech", modality=Modality.SPEECH, media=noise))
    assert (job.state, job.error["status"]) == (JobState.FAILED, 422)
    assert job.error["errors"][0]["pointer"] == "/speech"


def test_an_unknown_product_in_a_query_is_named(shop: Shop) -> None:
    shop.upload(ProductDraft(sku="a", title="Lamp"))
    with pytest.raises(ProductUnknown) as caught:
        shop.search(QueryPart(name="query/0", modality=None, sku="nothing"))
    assert [error.pointer for error in caught.value.errors] == ["/query/0"]


def test_a_recording_can_be_all_that_a_product_has(shop: Shop) -> None:
    recording = shop.store(synthesise("violin", voice="en-us"))
    (job,) = shop.upload(ProductDraft(sku="spoken", speech=(recording,)))
    assert job.state == JobState.SUCCEEDED
    assert shop.found(QueryPart(name="text", modality=Modality.TEXT, text="violin")) == ["spoken"]


def test_a_change_during_embedding_is_not_overwritten(shop: Shop) -> None:
    (first,) = shop.put(ProductDraft(sku="a", title="Lamp"))
    product = shop.view("a").product
    with shop.connections.jobs.transaction() as session:
        claimed = embeddings.claim_pending(session, [product.id])
    shop.put(ProductDraft(sku="a", title="Chair"))
    embedded = embed_claimed(shop.connections, shop.held, [shop.towers.space], claimed)
    with shop.connections.jobs.transaction() as session:
        write_claimed(session, claimed, embedded)
    assert shop.view("a").embedding_state == "pending"
    shop.embed()
    assert shop.view("a").embedding_state == "ready"
    assert shop.job(first).state == JobState.SUCCEEDED


def test_a_product_whose_worker_always_dies_is_given_up(shop: Shop) -> None:
    (job_id,) = shop.put(ProductDraft(sku="poison", title="Lamp"))
    product = shop.view("poison").product
    for _ in range(MAX_ATTEMPTS - 1):
        with shop.connections.jobs.transaction() as session:
            embeddings.claim_pending(session, [product.id])
    embed_products(shop.connections, shop.held, [product.id])
    assert shop.job(job_id).state == JobState.FAILED
    assert shop.view("poison").embedding_state == "failed"


def test_a_batch_that_did_not_end_goes_one_by_one(shop: Shop) -> None:
    shop.put(*(ProductDraft(sku=str(number), title="Lamp") for number in range(3)))
    ids = [shop.view(str(number)).product.id for number in range(3)]
    with shop.connections.jobs.transaction() as session:
        embeddings.claim_pending(session, ids)
    embed_products(shop.connections, shop.held, ids)
    assert {shop.view(str(number)).embedding_state for number in range(3)} == {"pending"}
    for product_id in ids:
        embed_products(shop.connections, shop.held, [product_id])
    assert {shop.view(str(number)).embedding_state for number in range(3)} == {"ready"}
