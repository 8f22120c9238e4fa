"""Statements over what belongs to a tenant beside its catalogues."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.db.job_tables import IdempotencyKey, Webhook
from app.db.tables import Removal


def remove_belongings(session: Session, tenant_id: int) -> dict[str, int]:
    """Removes a tenant's webhooks, remembered answers and what is to be removed; how many of each. Its keys stay."""
    webhooks = session.scalars(delete(Webhook).where(Webhook.tenant_id == tenant_id).returning(Webhook.id)).all()
    answers = delete(IdempotencyKey).where(IdempotencyKey.tenant_id == tenant_id).returning(IdempotencyKey.key)
    remembered = session.scalars(answers).all()
    session.execute(delete(Removal).where(Removal.tenant_id == tenant_id))
    return {"webhooks": len(webhooks), "remembered answers": len(remembered)}
