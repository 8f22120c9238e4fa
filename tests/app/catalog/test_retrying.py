"""Products that failed, tried again."""

from kombu import Connection
from sqlalchemy import select

from app.catalog import service
from app.catalog.drafts import ProductDraft, RemoteRef
from app.catalog.retrying import retry
from app.db import embeddings, media, tenants
from app.db.tables import Product
from app.errors import MediaUnreadable
from app.jobs.names import Queue
from app.types import EmbeddingState, JobState
from tests.app.broker import received
from tests.conftest import Services


def _failed(services: Services, *drafts: ProductDraft) -> dict[str, int]:
    """The ids of uploaded products, which have failed."""
    with services.sessions.begin() as session:
        tenant = tenants.find_or_create(session, "default")
        for draft in drafts:
            service.put(session, tenant, "shop", draft)
        rows = session.scalars(select(Product)).all()
        for row in media.unfetched(session, [row.id for row in rows]):
            media.set_fetched(session, row, {"problem": "no answer"})
        for row in rows:
            embeddings.mark(session, row.id, version=row.version, problem=MediaUnreadable("no answer").problem())
        return {row.sku: row.id for row in rows}


def test_what_failed_waits_again_under_a_new_job(services: Services, broker: Connection) -> None:
    own = _failed(
        services, ProductDraft(sku="a", title="Lamp"), ProductDraft(sku="b", images=(RemoteRef("https://a.example/b"),))
    )
    with services.jobs.transaction() as session:
        tenant = tenants.find_or_create(session, "default")
        service.put(session, tenant, "shop", ProductDraft(sku="fine", title="Lamp"))
    received(broker, Queue.EMBED)
    with services.jobs.transaction() as session:
        job = retry(session, tenant, "shop")
        assert (job.total, job.state) == (2, JobState.QUEUED)
    assert received(broker, Queue.EMBED) == [[[own["a"]]]]
    assert received(broker, Queue.IMPORT) == [[[own["b"]]]]
    with services.sessions() as session:
        states = {
            view.product.sku: view.embedding_state for view in service.page(session, tenant, "shop", after=0, limit=9)
        }
        assert set(states.values()) == {EmbeddingState.PENDING}
        assert {product.job_id for product in session.scalars(select(Product).where(Product.sku != "fine"))} == {job.id}


def test_where_nothing_failed_the_job_has_ended(services: Services) -> None:
    with services.jobs.transaction() as session:
        tenant = tenants.find_or_create(session, "default")
        service.put(session, tenant, "shop", ProductDraft(sku="fine", title="Lamp"))
        assert retry(session, tenant, "shop").state == JobState.SUCCEEDED


def test_products_are_listed_by_their_state(services: Services) -> None:
    _failed(services, ProductDraft(sku="a", title="Lamp"))
    with services.sessions.begin() as session:
        tenant = tenants.find_or_create(session, "default")
        service.put(session, tenant, "shop", ProductDraft(sku="b", title="Lamp"))
        for state, skus in (
            (EmbeddingState.FAILED, ["a"]),
            (EmbeddingState.PENDING, ["b"]),
            (EmbeddingState.READY, []),
        ):
            found = service.page(session, tenant, "shop", state=state, after=0, limit=9)
            assert [view.product.sku for view in found] == skus
