"""Statements over the audit log."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.db.job_tables import AuditEntry


def add(
    session: Session, *, tenant_id: int | None, actor: str, action: str, subject: str, detail: Mapping[str, Any]
) -> None:
    """Notes that somebody did something, in the transaction that it is done in."""
    values = {"tenant_id": tenant_id, "actor": actor, "action": action, "subject": subject, "detail": dict(detail)}
    session.execute(insert(AuditEntry).values(**values))


def page(session: Session, tenant_id: int, *, before: int | None, limit: int) -> list[AuditEntry]:
    """What was done by a tenant's keys, newest first."""
    wanted = select(AuditEntry).where(AuditEntry.tenant_id == tenant_id)
    if before is not None:
        wanted = wanted.where(AuditEntry.id < before)
    return list(session.scalars(wanted.order_by(AuditEntry.id.desc()).limit(limit)))
