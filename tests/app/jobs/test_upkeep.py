import uuid
from collections.abc import Iterator
from datetime import timedelta
from queue import Empty
from typing import Any

import pytest
from kombu import Connection
from sqlalchemy import func, update

from app.catalog import service
from app.catalog.drafts import ProductDraft
from app.db import catalogues, jobs, outbox
from app.db.tables import Catalogue, Job, OutboxMessage, Product
from app.jobs.client import JobClient, broker_url
from app.jobs.names import Queue
from app.jobs.upkeep import EMBED_QUEUED_FOR, SEARCH_QUEUED_FOR, SEARCH_RUNNING_FOR, UNSENT_FOR, WORDS_QUEUED_FOR, sweep
from app.types import JobKind, JobState
from tests.conftest import Services

A_MOMENT = timedelta(seconds=1)


@pytest.fixture
def broker(services: Services) -> Iterator[Connection]:
    """The run's broker, with nothing in its queues."""
    with Connection(broker_url(services.settings.redis_url)) as connection:
        for queue in Queue:
            connection.SimpleQueue(str(queue)).clear()
        yield connection


def _received(broker: Connection, queue: Queue) -> list[list[Any]]:
    """The arguments of all the messages that wait in a queue, which they leave."""
    arguments = []
    waiting = broker.SimpleQueue(str(queue))
    while True:
        try:
            message = waiting.get(block=False)
        except Empty:
            return arguments
        message.ack()
        arguments.append(message.payload[0])


def _add_search(services: Services, **values: Any) -> uuid.UUID:
    """A search of which no message is on its way."""
    with services.sessions.begin() as session:
        tenant = catalogues.first_tenant(session, "default")
        shop = catalogues.find_or_create(session, tenant, "shop")
        job = jobs.add(session, tenant_id=tenant, catalogue_id=shop, kind=JobKind.SEARCH, request={}, total=1)
        session.execute(update(Job).where(Job.id == job.id).values(values))
        return job.id


def test_a_search_that_no_worker_took_is_sent_again_once(services: Services, broker: Connection) -> None:
    lost = _add_search(services, queued_at=func.now() - SEARCH_QUEUED_FOR - A_MOMENT)
    _add_search(services, queued_at=func.now())
    sweep(services.jobs)
    sweep(services.jobs)
    assert _received(broker, Queue.QUERY) == [[str(lost)]]


def test_a_search_that_its_worker_left_is_sent_again(services: Services, broker: Connection) -> None:
    long_ago = func.now() - SEARCH_RUNNING_FOR - A_MOMENT
    left = _add_search(services, queued_at=long_ago, started_at=long_ago, state=JobState.RUNNING)
    _add_search(services, queued_at=long_ago, started_at=func.now(), state=JobState.RUNNING)
    _add_search(services, queued_at=long_ago, state=JobState.CANCELLED)
    sweep(services.jobs)
    assert _received(broker, Queue.QUERY) == [[str(left)]]


def test_a_message_that_was_not_sent_after_its_commit_is_sent(services: Services, broker: Connection) -> None:
    with services.sessions.begin() as session:
        service.put(session, catalogues.first_tenant(session, "default"), "shop", ProductDraft(sku="a", title="Cup"))
    sweep(services.jobs)
    assert _received(broker, Queue.EMBED) == []  # it may be sent at this very moment by who committed it
    with services.sessions.begin() as session:
        session.execute(update(OutboxMessage).values(created_at=func.now() - UNSENT_FOR - A_MOMENT))
    sweep(services.jobs)
    assert len(_received(broker, Queue.EMBED)) == 1
    with services.sessions() as session:
        assert session.query(OutboxMessage).all() == []


def test_a_message_stays_while_the_broker_is_away(services: Services) -> None:
    lost = _add_search(services, queued_at=func.now() - SEARCH_QUEUED_FOR - A_MOMENT)
    sweep(JobClient("redis://127.0.0.1:1/0", services.sessions))
    with services.sessions() as session:
        assert [message.arguments for message in session.query(OutboxMessage)] == [[str(lost)]]


def test_products_that_still_wait_are_sent_again(services: Services, broker: Connection) -> None:
    with services.sessions.begin() as session:
        tenant = catalogues.first_tenant(session, "default")
        for sku in ("a", "b", "c"):
            service.put(session, tenant, "shop", ProductDraft(sku=sku, title="Cup"))
        outbox.remove(session, [message.id for message in session.query(OutboxMessage)])
        overdue = session.scalars(
            update(Product)
            .where(Product.sku != "b")
            .values(queued_at=func.now() - EMBED_QUEUED_FOR - A_MOMENT)
            .returning(Product.id)
        ).all()
    sweep(services.jobs)
    [[sent]] = _received(broker, Queue.EMBED)
    assert sorted(sent) == sorted(overdue)


def test_a_catalogue_whose_products_wait_for_its_words_is_sent_again_once(
    services: Services, broker: Connection
) -> None:
    with services.sessions.begin() as session:
        tenant = catalogues.first_tenant(session, "default")
        own = catalogues.find_or_create(session, tenant, "shop")
        catalogues.find_or_create(session, tenant, "other")
        overdue = func.now() - WORDS_QUEUED_FOR - A_MOMENT
        session.execute(update(Catalogue).values(words_queued_at=overdue))
        session.execute(update(Catalogue).where(Catalogue.id == own).values(words_version=2))
    sweep(services.jobs)
    sweep(services.jobs)
    assert _received(broker, Queue.UPKEEP) == [[own]]
