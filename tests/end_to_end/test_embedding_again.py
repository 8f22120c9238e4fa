"""What a product had before is not embedded again, and what was overtaken is not written."""

from app.catalog.drafts import ProductDraft
from app.db import embeddings
from app.types import JobState
from tests.end_to_end.conftest import Shop
from tests.workers.pictures import encoded, halves
from workers.ingest import embed_claimed, write_claimed


def test_only_what_is_new_goes_through_an_encoder(shop: Shop) -> None:
    image = shop.store(encoded(halves(), "PNG"))
    (first,) = shop.upload(ProductDraft(sku="a", title="Lamp", images=(image,)))
    before = _vectors(shop)
    (priced,) = shop.upload(ProductDraft(sku="a", title="Lamp", images=(image,), price=5))
    (renamed,) = shop.upload(ProductDraft(sku="a", title="Green lamp", images=(image, image)))
    after = _vectors(shop)
    assert [job.encoded for job in (first, priced, renamed)] == [2, 0, 1]
    assert [job.state for job in (first, priced, renamed)] == [JobState.SUCCEEDED] * 3
    assert after["image", 0] == after["image", 1] == before["image", 0]
    assert after["text", 0] != before["text", 0]


def _vectors(shop: Shop) -> dict[tuple[str, int], bytes]:
    product = shop.view("a").product
    with shop.connections.sessions() as session:
        rows = embeddings.tokens(session, shop.towers.space, product.catalogue_id, [product.id])
        return {(row.modality, row.ordinal): bytes(row.vector) for row in rows}


def test_an_attempt_that_another_has_overtaken_writes_and_counts_nothing(shop: Shop) -> None:
    (job_id,) = shop.put(ProductDraft(sku="a", title="Lamp"))
    product = shop.view("a").product
    with shop.connections.jobs.transaction() as session:
        late = embeddings.claim_pending(session, [product.id])
    embedded = embed_claimed(shop.connections, shop.held, [shop.towers.space], late)
    shop.embed()
    for _ in range(2):
        with shop.connections.jobs.transaction() as session:
            write_claimed(session, late, embedded)
    job = shop.job(job_id)
    assert (job.state, job.done, job.encoded) == (JobState.SUCCEEDED, 1, 1)


def test_a_lease_is_only_renewed_by_who_has_it(shop: Shop) -> None:
    shop.put(ProductDraft(sku="a", title="Lamp"))
    product = shop.view("a").product
    with shop.connections.jobs.transaction() as session:
        late = embeddings.claim_pending(session, [product.id])
    with shop.connections.jobs.transaction() as session:
        embeddings.claim_pending(session, [product.id])
    taken_over = shop.view("a").product.queued_at
    with shop.connections.jobs.transaction() as session:
        embeddings.renew(session, late)
    assert shop.view("a").product.queued_at == taken_over
