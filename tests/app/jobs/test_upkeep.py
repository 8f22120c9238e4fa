import uuid
from datetime import timedelta
from typing import Any

from kombu import Connection
from sqlalchemy import func, update

from app.catalog import service
from app.catalog.drafts import ProductDraft
from app.db import catalogues, jobs, outbox, tenants
from app.db.job_tables import Job, OutboxMessage
from app.db.tables import Catalogue, Product
from app.jobs.client import JobClient
from app.jobs.names import Queue
from app.jobs.upkeep import LEASES_QUEUED, SEARCH_QUEUED_FOR, SEARCH_RUNNING_FOR, UNSENT_FOR, WORDS_QUEUED_FOR, sweep
from app.types import JobKind, JobState
from tests.app.broker import received
from tests.conftest import Services

A_MOMENT = timedelta(seconds=1)
LEASE = timedelta(seconds=60)


def _add_search(services: Services, **values: Any) -> uuid.UUID:
    """A search of which no message is on its way."""
    with services.sessions.begin() as session:
        tenant = tenants.find_or_create(session, "default")
        shop = catalogues.find_or_create(session, tenant, "shop")
        job = jobs.add(session, tenant_id=tenant, catalogue_id=shop, kind=JobKind.SEARCH, request={}, total=1)
        session.execute(update(Job).where(Job.id == job.id).values(values))
        return job.id


def test_a_search_that_no_worker_took_is_sent_again_once(services: Services, broker: Connection) -> None:
    lost = _add_search(services, queued_at=func.now() - SEARCH_QUEUED_FOR - A_MOMENT)
    _add_search(services, queued_at=func.now())
    sweep(services.jobs, LEASE)
    sweep(services.jobs, LEASE)
    assert received(broker, Queue.QUERY) == [[str(lost)]]


def test_a_search_that_its_worker_left_is_sent_again(services: Services, broker: Connection) -> None:
    long_ago = func.now() - SEARCH_RUNNING_FOR - A_MOMENT
    left = _add_search(services, queued_at=long_ago, started_at=long_ago, state=JobState.RUNNING)
    _add_search(services, queued_at=long_ago, started_at=func.now(), state=JobState.RUNNING)
    _add_search(services, queued_at=long_ago, state=JobState.CANCELLED)
    sweep(services.jobs, LEASE)
    assert received(broker, Queue.QUERY) == [[str(left)]]


def test_a_message_that_was_not_sent_after_its_commit_is_sent(services: Services, broker: Connection) -> None:
    with services.sessions.begin() as session:
        service.put(session, tenants.find_or_create(session, "default"), "shop", ProductDraft(sku="a", title="Cup"))
    sweep(services.jobs, LEASE)
    assert received(broker, Queue.EMBED) == []  # it may be sent at this very moment by who committed it
    with services.sessions.begin() as session:
        session.execute(update(OutboxMessage).values(created_at=func.now() - UNSENT_FOR - A_MOMENT))
    sweep(services.jobs, LEASE)
    assert len(received(broker, Queue.EMBED)) == 1
    with services.sessions() as session:
        assert session.query(OutboxMessage).all() == []


def test_a_message_stays_while_the_broker_is_away(services: Services) -> None:
    lost = _add_search(services, queued_at=func.now() - SEARCH_QUEUED_FOR - A_MOMENT)
    sweep(JobClient("redis://127.0.0.1:1/0", services.sessions), LEASE)
    with services.sessions() as session:
        assert [message.arguments for message in session.query(OutboxMessage)] == [[str(lost)]]


def test_products_that_still_wait_are_sent_again(services: Services, broker: Connection) -> None:
    with services.sessions.begin() as session:
        tenant = tenants.find_or_create(session, "default")
        for sku in ("a", "b", "c"):
            service.put(session, tenant, "shop", ProductDraft(sku=sku, title="Cup"))
        outbox.remove(session, [message.id for message in session.query(OutboxMessage)])
        overdue = session.scalars(
            update(Product)
            .where(Product.sku != "b")
            .values(queued_at=func.now() - LEASES_QUEUED * LEASE - A_MOMENT)
            .returning(Product.id)
        ).all()
    sweep(services.jobs, LEASE)
    [[sent]] = received(broker, Queue.EMBED)
    assert sorted(sent) == sorted(overdue)


def test_a_catalogue_whose_products_wait_for_its_words_is_sent_again_once(
    services: Services, broker: Connection
) -> None:
    with services.sessions.begin() as session:
        tenant = tenants.find_or_create(session, "default")
        own = catalogues.find_or_create(session, tenant, "shop")
        catalogues.find_or_create(session, tenant, "other")
        overdue = func.now() - WORDS_QUEUED_FOR - A_MOMENT
        session.execute(update(Catalogue).values(words_queued_at=overdue))
        session.execute(update(Catalogue).where(Catalogue.id == own).values(words_version=2))
    sweep(services.jobs, LEASE)
    sweep(services.jobs, LEASE)
    assert received(broker, Queue.UPKEEP) == [[own]]


def test_products_whose_worker_has_left_them_are_sent_again_before_those_that_no_worker_took(
    services: Services, broker: Connection
) -> None:
    with services.sessions.begin() as session:
        tenant = tenants.find_or_create(session, "default")
        for sku in ("taken", "waiting"):
            service.put(session, tenant, "shop", ProductDraft(sku=sku, title="Cup"))
        outbox.remove(session, [message.id for message in session.query(OutboxMessage)])
        session.execute(update(Product).values(queued_at=func.now() - LEASE - A_MOMENT))
        taken = session.scalars(
            update(Product).where(Product.sku == "taken").values(attempts=1).returning(Product.id)
        ).one()
    sweep(services.jobs, LEASE)
    assert received(broker, Queue.EMBED) == [[[taken]]]


def _add_import(services: Services, *, dry_run: bool = False, **values: Any) -> uuid.UUID:
    with services.sessions.begin() as session:
        tenant = tenants.find_or_create(session, "default")
        shop = catalogues.find_or_create(session, tenant, "shop")
        job = jobs.add(
            session,
            tenant_id=tenant,
            catalogue_id=shop,
            kind=JobKind.IMPORT,
            request={"dry_run": dry_run},
            total=None,
        )
        session.execute(update(Job).where(Job.id == job.id).values(values))
        return job.id


def test_an_import_whose_reader_has_left_it_is_sent_again(services: Services, broker: Connection) -> None:
    long_ago = func.now() - LEASE - A_MOMENT
    left = _add_import(services, state=JobState.RUNNING, started_at=long_ago, queued_at=long_ago)
    _add_import(services, state=JobState.RUNNING, started_at=long_ago, queued_at=func.now())
    _add_import(services, state=JobState.RUNNING, started_at=long_ago, queued_at=long_ago, total=9)
    _add_import(services, queued_at=long_ago)
    dry = _add_import(services, dry_run=True, state=JobState.RUNNING, started_at=long_ago, queued_at=long_ago)
    sweep(services.jobs, LEASE)
    assert received(broker, Queue.IMPORT) == [[str(left)]]
    assert received(broker, Queue.CHECK) == [[str(dry)]]
