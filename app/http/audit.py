"""The audit log over HTTP: who did what, and when."""

from typing import Any

from sqlalchemy.orm import Session

from app.db import audit as rows
from app.http.auth import identity, tenant_id
from app.http.endpoints import Answer, Endpoints
from app.http.paging import read_cursor
from app.http.schemas.audit import AuditPageSchema
from app.http.schemas.jobs import PageQuerySchema
from app.http.services import services
from app.types import Scope

audit = Endpoints("audit", "Read who did what, and when.")


def note(session: Session, action: str, subject: object, **detail: object) -> None:
    """Notes in the audit log what this request does, in its transaction."""
    rows.add(
        session,
        tenant_id=tenant_id(),
        actor=identity().key_prefix,
        action=action,
        subject=str(subject),
        detail={name: value for name, value in detail.items() if value is not None},
    )


@audit.endpoint("GET", "/audit", scopes=[Scope.ADMIN], query=PageQuerySchema, answers={200: AuditPageSchema})
def read_audit(page: dict[str, Any]) -> Answer:
    """Read what administrators did, newest first."""
    limit, before = page["limit"], read_cursor(page["cursor"]) or None
    with services().sessions() as session:
        found = rows.page(session, tenant_id(), before=before, limit=limit + 1)
    entries = [
        {
            "at": entry.created_at.isoformat(),
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "detail": entry.detail,
        }
        for entry in found[:limit]
    ]
    return Answer(body={"entries": entries, "next_cursor": str(found[limit - 1].id) if len(found) > limit else None})
