"""Webhooks over HTTP: who is told when jobs end."""

from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from app.db.job_tables import Webhook, WebhookDelivery
from app.errors import WebhookUnknown
from app.http.audit import note
from app.http.auth import tenant_id
from app.http.bodies import Body, BodyKind
from app.http.endpoints import Answer, Endpoints
from app.http.idempotency import once
from app.http.paging import read_cursor
from app.http.schemas.jobs import PageQuerySchema
from app.http.schemas.webhooks import (
    DeliveryPageSchema,
    RetriedSchema,
    WebhookRequestSchema,
    WebhookSchema,
    WebhooksSchema,
)
from app.http.services import services
from app.types import Scope
from app.webhooks import service
from app.webhooks.delivery import message_id

webhooks = Endpoints("webhooks", "Be told when jobs end, by requests that are signed and tried again.")
SCOPES = (Scope.WRITE, Scope.ADMIN)


@webhooks.endpoint(
    "POST", "/webhooks", scopes=SCOPES, body=BodyKind(schema=WebhookRequestSchema), answers={201: WebhookSchema}
)
def add_webhook(body: Body) -> Answer:
    """Add a webhook. Its secret is told in this answer and never again."""

    def work(session: Session) -> Answer:
        added = service.add(session, tenant_id(), body.content["url"], list(dict.fromkeys(body.content["kinds"])))
        # Only the host: the rest of an address may be a secret.
        note(session, "webhook.create", added.id, host=urlsplit(added.url).hostname, kinds=added.kinds)
        return Answer(status=201, body=_document(added) | {"secret": added.secret})

    return once(work, body.digest)


@webhooks.endpoint("GET", "/webhooks", scopes=SCOPES, answers={200: WebhooksSchema})
def list_webhooks() -> Answer:
    """List the webhooks, oldest first."""
    with services().sessions() as session:
        return Answer(body={"webhooks": [_document(each) for each in service.listed(session, tenant_id())]})


@webhooks.endpoint(
    "DELETE", "/webhooks/<int:webhook_id>", scopes=SCOPES, answers={204: None}, problems=[WebhookUnknown]
)
def remove_webhook(webhook_id: int) -> Answer:
    """Remove a webhook."""
    with services().jobs.transaction() as session:
        service.remove(session, tenant_id(), webhook_id)
        note(session, "webhook.remove", webhook_id)
    return Answer(status=204)


@webhooks.endpoint(
    "GET",
    "/webhooks/<int:webhook_id>/deliveries",
    scopes=SCOPES,
    query=PageQuerySchema,
    answers={200: DeliveryPageSchema},
    problems=[WebhookUnknown],
)
def list_deliveries(page: dict[str, Any], webhook_id: int) -> Answer:
    """Read what a webhook was told, or is to be told, newest first."""
    limit, before = page["limit"], read_cursor(page["cursor"]) or None
    with services().sessions() as session:
        found = service.deliveries(session, tenant_id(), webhook_id, before=before, limit=limit + 1)
    cursor = str(found[limit - 1].id) if len(found) > limit else None
    return Answer(body={"deliveries": [_delivery(each) for each in found[:limit]], "next_cursor": cursor})


@webhooks.endpoint(
    "POST",
    "/webhooks/<int:webhook_id>/retries",
    scopes=SCOPES,
    answers={202: RetriedSchema},
    problems=[WebhookUnknown],
)
def retry_deliveries(webhook_id: int) -> Answer:
    """Deliver now what was not delivered yet, as once the webhook's server is mended."""

    def work(session: Session) -> Answer:
        return Answer(status=202, body={"retried": service.retry(session, tenant_id(), webhook_id)})

    return once(work)


def _document(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "kinds": webhook.kinds,
        "created_at": webhook.created_at.isoformat(),
    }


def _delivery(delivery: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": message_id(delivery),
        "job": str(delivery.job_id),
        "state": service.state_of(delivery),
        "tries": delivery.tries,
        "due_at": delivery.due_at.isoformat() if delivery.due_at else None,
        "delivered_at": delivery.delivered_at.isoformat() if delivery.delivered_at else None,
        "problem": delivery.problem,
    }
