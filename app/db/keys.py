"""Statements over API keys."""

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app.db.tables import ApiKey


def add(session: Session, *, tenant_id: int, name: str, prefix: str, digest: bytes, scopes: list[str]) -> ApiKey:
    """Stores a new key's digest."""
    row = ApiKey(tenant_id=tenant_id, name=name, prefix=prefix, digest=digest, scopes=scopes)
    session.add(row)
    session.flush()
    return row


def find_valid(session: Session, digest: bytes) -> ApiKey | None:
    """The key of this digest, unless it is revoked or has expired."""
    unexpired = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now())
    return session.scalars(
        select(ApiKey).where(ApiKey.digest == digest, ApiKey.revoked_at.is_(None), unexpired)
    ).first()


def of_tenant(session: Session, tenant_id: int) -> list[ApiKey]:
    """A tenant's keys, oldest first."""
    return list(session.scalars(select(ApiKey).where(ApiKey.tenant_id == tenant_id).order_by(ApiKey.id)))


def revoke(session: Session, tenant_id: int, prefix: str) -> int:
    """Revokes the valid keys that begin so; returns how many."""
    revoked = session.scalars(
        update(ApiKey)
        .where(ApiKey.tenant_id == tenant_id, ApiKey.prefix == prefix, ApiKey.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(ApiKey.id)
    )
    return len(revoked.all())
