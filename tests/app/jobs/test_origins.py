"""The request that asked for a job goes with its messages, whoever sends them and however often."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from kombu import Connection
from sqlalchemy import func, update

from app import context
from app.catalog import service
from app.catalog.drafts import ProductDraft
from app.context import Context
from app.db import tenants
from app.db.job_tables import Job, OutboxMessage
from app.jobs.client import enqueue
from app.jobs.names import Queue, Task
from app.jobs.upkeep import sweep
from app.search.service import submit
from app.types import Modality, QueryPart, SearchQuery
from tests.app.broker import requested
from tests.conftest import Services

LEASE = timedelta(seconds=60)


@pytest.fixture
def request_42() -> Iterator[None]:
    """As while a request is being answered."""
    context.begin(Context(request_id="shop-42"))
    yield
    context.end()


def _search(services: Services) -> Job:
    with services.jobs.transaction() as session:
        tenant = tenants.find_or_create(session, "default")
        service.put(session, tenant, "shop", ProductDraft(sku="a", title="one"))
        parts = (QueryPart(name="text", modality=Modality.TEXT, text="one"),)
        return submit(session, tenant, "shop", SearchQuery(parts=parts))


@pytest.mark.usefixtures("request_42")
def test_messages_carry_the_id_of_the_request(services: Services, broker: Connection) -> None:
    job = _search(services)
    assert job.request_id == "shop-42"
    assert requested(broker, Queue.QUERY) == ["shop-42"]
    assert requested(broker, Queue.EMBED) == ["shop-42"]


@pytest.mark.usefixtures("request_42")
def test_what_the_broker_lost_is_sent_again_on_behalf_of_the_same_request(
    services: Services, broker: Connection
) -> None:
    _search(services)
    requested(broker, Queue.QUERY)
    context.end()  # the sweeper has no request
    with services.sessions.begin() as session:
        session.execute(update(Job).values(queued_at=func.now() - timedelta(hours=1)))
    sweep(services.jobs, LEASE)
    assert requested(broker, Queue.QUERY) == ["shop-42"]


@pytest.mark.usefixtures("request_42")
def test_what_was_never_sent_keeps_the_request_that_put_it_into_the_outbox(
    services: Services, broker: Connection
) -> None:
    with services.sessions.begin() as session:
        enqueue(session, Task.TIDY, [])
        session.execute(update(OutboxMessage).values(created_at=func.now() - timedelta(minutes=1)))
    context.begin(Context(request_id="another"))
    sweep(services.jobs, LEASE)
    assert requested(broker, Queue.UPKEEP) == ["shop-42"]
    assert context.current().request_id == "another"


def test_what_no_request_asked_for_has_no_id(services: Services, broker: Connection) -> None:
    assert _search(services).request_id is None
    assert requested(broker, Queue.QUERY) == [None]
