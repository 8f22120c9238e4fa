import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.catalog import service
from app.catalog.drafts import MediaRef, ProductDraft
from app.db import catalogues, embeddings, jobs, media, outbox, products, tenants
from app.db.job_tables import Job, OutboxMessage
from app.errors import CatalogueUnknown, ProductUnknown
from app.types import JobKind, JobState
from tests.conftest import Services

RED = ProductDraft(sku="a", title="Red shoes")


def _tenant(session: Session) -> int:
    return tenants.find_or_create(session, "default")


def _put(services: Services, draft: ProductDraft) -> uuid.UUID:
    with services.sessions.begin() as session:
        return service.put(session, _tenant(session), "shop", draft).id


def _job(services: Services, job_id: uuid.UUID) -> Job:
    with services.sessions() as session:
        job = jobs.get(session, job_id)
        assert job is not None
        return job


def _embed(services: Services) -> None:
    """Marks every waiting product as embedded, as a worker does."""
    with services.sessions.begin() as session:
        ids = [product_id for message in outbox_messages(session) for product_id in message.arguments[0]]
        for product in embeddings.claim_pending(session, ids):
            embeddings.mark(session, product.id, version=product.version, problem=None)
            if product.job_id is not None:
                jobs.advance(session, product.job_id, done=1)


def outbox_messages(session: Session) -> list[OutboxMessage]:
    return list(session.query(OutboxMessage).order_by(OutboxMessage.id))


def test_a_new_product_waits_to_be_embedded(services: Services) -> None:
    job_id = _put(services, RED)
    with services.sessions() as session:
        view = service.view(session, _tenant(session), "shop", "a")
        assert (view.embedding_state, view.product.version, view.modalities) == ("pending", 1, [])
        assert [message.arguments for message in outbox_messages(session)] == [[[view.product.id]]]
    assert _job(services, job_id).state == JobState.QUEUED


def test_its_job_ends_when_it_is_embedded(services: Services) -> None:
    job_id = _put(services, RED)
    _embed(services)
    job = _job(services, job_id)
    assert (job.state, job.done, job.failed, job.total) == (JobState.SUCCEEDED, 1, 0, 1)
    assert job.finished_at is not None


def test_the_same_content_again_embeds_nothing(services: Services) -> None:
    _put(services, RED)
    _embed(services)
    with services.sessions.begin() as session:
        outbox.remove(session, [message.id for message in outbox_messages(session)])
    job_id = _put(services, ProductDraft(sku="a", title="Red shoes", price=None, currency="EUR"))
    assert _job(services, job_id).state == JobState.SUCCEEDED
    with services.sessions() as session:
        assert outbox_messages(session) == []
        assert service.view(session, _tenant(session), "shop", "a").product.currency == "EUR"


def test_new_content_waits_under_a_new_version(services: Services) -> None:
    _put(services, RED)
    _embed(services)
    _put(services, ProductDraft(sku="a", title="Blue shoes"))
    with services.sessions() as session:
        view = service.view(session, _tenant(session), "shop", "a")
        assert (view.embedding_state, view.product.version) == ("pending", 2)


def test_a_product_that_is_overtaken_does_not_hold_its_job_up(services: Services) -> None:
    first = _put(services, RED)
    second = _put(services, ProductDraft(sku="a", title="Blue shoes"))
    assert _job(services, first).state == JobState.SUCCEEDED
    assert _job(services, second).state == JobState.QUEUED
    _embed(services)
    assert _job(services, second).state == JobState.SUCCEEDED


def test_the_last_of_several_drafts_of_one_sku_wins(services: Services) -> None:
    with services.sessions.begin() as session:
        tenant = _tenant(session)
        catalogue = catalogues.find_or_create(session, tenant, "shop")
        job = jobs.add(session, tenant_id=tenant, catalogue_id=catalogue, kind=JobKind.IMPORT, request={}, total=2)
        service.put_batch(session, catalogue, job.id, [RED, ProductDraft(sku="a", title="Blue shoes")])
    with services.sessions() as session:
        assert service.view(session, _tenant(session), "shop", "a").product.title == "Blue shoes"
    _embed(services)
    assert (_job(services, job.id).done, _job(services, job.id).state) == (2, JobState.SUCCEEDED)


def test_pictures_are_kept_in_their_order(services: Services) -> None:
    refs = tuple(MediaRef(digest=letter * 64, bytes=3, content_type="image/png") for letter in "ab")
    _put(services, ProductDraft(sku="a", images=refs))
    with services.sessions() as session:
        view = service.view(session, _tenant(session), "shop", "a")
        assert [(row.modality, row.ordinal, row.digest[0]) for row in view.media] == [
            ("image", 0, "a"),
            ("image", 1, "b"),
        ]
        assert media.content_type(session, "a" * 64) == "image/png"


def test_deleting_a_product_ends_the_job_that_waited_for_it(services: Services) -> None:
    job_id = _put(services, RED)
    with services.sessions.begin() as session:
        service.delete(session, _tenant(session), "shop", "a")
    assert _job(services, job_id).state == JobState.SUCCEEDED
    with services.sessions() as session, pytest.raises(ProductUnknown):
        service.view(session, _tenant(session), "shop", "a")


def test_an_unknown_catalogue_is_named(services: Services) -> None:
    with services.sessions() as session, pytest.raises(CatalogueUnknown, match="'nowhere'"):
        service.view(session, 1, "nowhere", "a")


def _until_somebody_waits(session: Session) -> None:
    """Returns when another transaction waits for a lock."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    deadline = time.monotonic() + 10
    while not session.scalar(waiting):
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.01)


def test_a_product_that_is_deleted_while_it_is_put_is_made_again(services: Services) -> None:
    _put(services, RED)
    with ThreadPoolExecutor(1) as other:
        with services.sessions.begin() as session:
            product_id = service.view(session, _tenant(session), "shop", "a").product.id
            embeddings.lock_versions(session, [product_id])
            put = other.submit(_put, services, ProductDraft(sku="a", title="Blue shoes"))
            _until_somebody_waits(session)
            service.delete(session, _tenant(session), "shop", "a")
        put.result(timeout=10)
    with services.sessions() as session:
        product = service.view(session, _tenant(session), "shop", "a").product
        assert (product.title, product.version) == ("Blue shoes", 1)


def test_an_upload_and_a_worker_lock_products_in_one_order(services: Services) -> None:
    for sku in ("b", "a", "B"):  # ids in another order than the SKUs' code points
        _put(services, ProductDraft(sku=sku, title=sku))
    with services.sessions() as session:
        ids = [view.product.id for view in service.page(session, _tenant(session), "shop", after=0, limit=9)]
        catalogue_id = service.catalogue_id(session, _tenant(session), "shop")

    def lock_for_upload() -> None:
        with services.sessions.begin() as session:
            assert set(products.lock(session, catalogue_id, ["b", "a", "B"])) == {"a", "b", "B"}

    with ThreadPoolExecutor(1) as other:
        with services.sessions.begin() as session:
            embeddings.lock_versions(session, ids[2:])  # "B", the first
            upload = other.submit(lock_for_upload)
            _until_somebody_waits(session)
            session.execute(text("SET LOCAL lock_timeout = '2s'"))
            assert len(embeddings.lock_versions(session, ids)) == 3  # so the upload holds none of the others
        upload.result(timeout=10)
