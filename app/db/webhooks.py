"""Statements over webhooks, and over what they are to be told."""

import datetime
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.orm import Session, sessionmaker

from app.db.job_tables import Job, Webhook, WebhookDelivery
from app.db.tables import Catalogue

DELIVERING = 7_351_902  # the advisory lock of whoever delivers


def add(session: Session, *, tenant_id: int, url: str, kinds: Sequence[str], secret: str) -> Webhook:
    """Adds a webhook."""
    row = Webhook(tenant_id=tenant_id, url=url, kinds=list(kinds), secret=secret)
    session.add(row)
    session.flush()
    session.refresh(row)
    return row


def of_tenant(session: Session, tenant_id: int) -> list[Webhook]:
    """A tenant's webhooks, oldest first."""
    return list(session.scalars(select(Webhook).where(Webhook.tenant_id == tenant_id).order_by(Webhook.id)))


def find(session: Session, tenant_id: int, webhook_id: int) -> Webhook | None:
    """A tenant's webhook."""
    return session.scalars(select(Webhook).where(Webhook.tenant_id == tenant_id, Webhook.id == webhook_id)).first()


def remove(session: Session, webhook_id: int) -> None:
    """Removes a webhook; what it was still to be told is not delivered."""
    session.execute(delete(Webhook).where(Webhook.id == webhook_id))


def announce(session: Session, job_id: uuid.UUID) -> None:
    """Has the webhooks told that want to know of the end of such a job."""
    wanted = (
        select(Webhook.id, literal(job_id))
        .join(Job, (Job.tenant_id == Webhook.tenant_id) & (Job.kind == func.any(Webhook.kinds)))
        .where(Job.id == job_id)
    )
    session.execute(insert(WebhookDelivery).from_select(["webhook_id", "job_id"], wanted))


@contextmanager
def delivering(sessions: sessionmaker[Session]) -> Iterator[Session | None]:
    """A session for the only one that delivers, whose statements commit one by one; None if somebody else is at it."""
    with sessions() as session:
        # No transaction stays open while webhooks are slow to answer.
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        if not session.scalars(select(func.pg_try_advisory_lock(DELIVERING))).one():
            yield None
            return
        try:
            yield session
        finally:
            session.execute(select(func.pg_advisory_unlock(DELIVERING)))


def due(session: Session, limit: int, limit_of_one: int) -> list[tuple[WebhookDelivery, Webhook, Job, str | None]]:
    """What is to be delivered now, the longest due first, so many to one webhook; its job and its catalogue."""
    place = func.row_number().over(partition_by=WebhookDelivery.webhook_id, order_by=WebhookDelivery.due_at)
    numbered = select(WebhookDelivery.id, place.label("place")).where(WebhookDelivery.due_at <= func.now()).subquery()
    found = session.execute(
        select(WebhookDelivery, Webhook, Job, Catalogue.name)
        .join(numbered, (numbered.c.id == WebhookDelivery.id) & (numbered.c.place <= limit_of_one))
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .join(Job, Job.id == WebhookDelivery.job_id)
        .outerjoin(Catalogue, Catalogue.id == Job.catalogue_id)
        .order_by(WebhookDelivery.due_at)
        .limit(limit)
    )
    return [(delivery, webhook, job, name) for delivery, webhook, job, name in found]


def tried(session: Session, delivery_id: int, *, problem: str | None, again: datetime.timedelta | None) -> None:
    """Writes down how a try ended: when it is tried again, if it is."""
    values: dict[str, Any] = {
        "tries": WebhookDelivery.tries + 1,
        "problem": problem,
        "due_at": None if again is None else func.now() + again,
        "delivered_at": func.now() if problem is None else None,
    }
    session.execute(update(WebhookDelivery).where(WebhookDelivery.id == delivery_id).values(values))


def deliveries(session: Session, webhook_id: int, *, before: int | None, limit: int) -> list[WebhookDelivery]:
    """What a webhook was or is to be told, newest first, older than the one of this id."""
    own = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    if before is not None:
        own = own.where(WebhookDelivery.id < before)
    return list(session.scalars(own.order_by(WebhookDelivery.id.desc()).limit(limit)))


def revive(session: Session, webhook_id: int) -> int:
    """Has everything delivered now that was not yet, given up or not; how many."""
    revived = session.scalars(
        update(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.delivered_at.is_(None))
        .values(tries=0, due_at=func.now())
        .returning(WebhookDelivery.id)
    )
    return len(revived.all())
