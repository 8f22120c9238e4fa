"""Webhooks as a client sees them: added, listed, removed; what was delivered to them."""

import base64
import secrets
from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.db import webhooks
from app.db.job_tables import Webhook, WebhookDelivery
from app.errors import FieldError, RequestInvalid, WebhookUnknown
from app.types import DeliveryState, JobKind

MOST = 20  # webhooks of one tenant
LARGEST_ID = 2**63 - 1  # that the column can hold
SECRET_BYTES = 32


def add(session: Session, tenant_id: int, url: str, kinds: Sequence[JobKind]) -> Webhook:
    """Adds a webhook with a secret of its own, which is told only now.

    Raises:
        RequestInvalid: the tenant has as many as it may have.
    """
    if len(webhooks.of_tenant(session, tenant_id)) >= MOST:
        wrong = f"there are {MOST} webhooks already; remove one"
        raise RequestInvalid(f"No webhook can be added: {wrong}.", [FieldError("/url", wrong)])
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    return webhooks.add(session, tenant_id=tenant_id, url=url, kinds=kinds, secret=secret)


def listed(session: Session, tenant_id: int) -> list[Webhook]:
    """A tenant's webhooks, oldest first."""
    return webhooks.of_tenant(session, tenant_id)


def remove(session: Session, tenant_id: int, webhook_id: int) -> None:
    """Removes a webhook.

    Raises:
        WebhookUnknown: there is none of this id.
    """
    webhooks.remove(session, _find(session, tenant_id, webhook_id).id)


def deliveries(
    session: Session, tenant_id: int, webhook_id: int, *, before: int | None, limit: int
) -> list[WebhookDelivery]:
    """What a webhook was or is to be told, newest first, older than the delivery of this id.

    Raises:
        WebhookUnknown: there is none of this id.
    """
    return webhooks.deliveries(session, _find(session, tenant_id, webhook_id).id, before=before, limit=limit)


def state_of(delivery: WebhookDelivery) -> DeliveryState:
    """Where a delivery is."""
    if delivery.delivered_at is not None:
        return DeliveryState.DELIVERED
    return DeliveryState.FAILED if delivery.due_at is None else DeliveryState.PENDING


def retry(session: Session, tenant_id: int, webhook_id: int) -> int:
    """Has everything delivered now that was not yet; how many.

    Raises:
        WebhookUnknown: there is none of this id.
    """
    return webhooks.revive(session, _find(session, tenant_id, webhook_id).id)


def _find(session: Session, tenant_id: int, webhook_id: int) -> Webhook:
    found = webhooks.find(session, tenant_id, webhook_id) if webhook_id <= LARGEST_ID else None
    if found is None:
        raise WebhookUnknown(f"There is no webhook {webhook_id}.")
    return found
