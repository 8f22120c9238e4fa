"""Statements over API keys."""

import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, text, update
from sqlalchemy.orm import Session

from app.db.tables import ApiKey

VALID: ColumnElement[bool] = and_(
    ApiKey.revoked_at.is_(None), or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now())
)


def add(
    session: Session,
    *,
    tenant_id: int,
    name: str,
    prefix: str,
    digest: bytes,
    scopes: list[str],
    lasts: datetime.timedelta | None,
    requests_per_minute: int | None,
    searches_per_day: int | None,
) -> ApiKey:
    """Stores a new key's digest; it expires after so long, by the database's clock, or never."""
    expires = None if lasts is None else func.now() + lasts
    row = ApiKey(
        tenant_id=tenant_id,
        name=name,
        prefix=prefix,
        digest=digest,
        scopes=scopes,
        expires_at=expires,
        requests_per_minute=requests_per_minute,
        searches_per_day=searches_per_day,
    )
    session.add(row)
    session.flush()  # which also reads what the database filled in
    return row


def find_valid(session: Session, digest: bytes) -> ApiKey | None:
    """The key of this digest, unless it is revoked or has expired; whosever it is."""
    return _valid(session, "CAST(:wanted AS bytea)", digest)


def find_valid_by_id(session: Session, key_id: int) -> ApiKey | None:
    """The key, unless it is revoked or has expired; whosever it is."""
    return _valid(session, "CAST(:wanted AS bigint)", key_id)


def _valid(session: Session, wanted: str, value: bytes | int) -> ApiKey | None:
    """By the function that is let look at the keys of all tenants: who asks is not known yet."""
    found = select(ApiKey).from_statement(text(f"SELECT * FROM valid_key({wanted})"))  # noqa: S608  one of ours
    return session.scalars(found, {"wanted": value}).first()


def note_use(session: Session, key_id: int) -> None:
    """Notes that a key is used now."""
    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=func.now()))


def of_tenant(session: Session, tenant_id: int) -> list[ApiKey]:
    """A tenant's keys, oldest first."""
    return list(session.scalars(select(ApiKey).where(ApiKey.tenant_id == tenant_id).order_by(ApiKey.id)))


def lock_valid(session: Session, tenant_id: int, prefix: str) -> ApiKey | None:
    """The newest valid key that begins so, locked."""
    own = (ApiKey.tenant_id == tenant_id, ApiKey.prefix == prefix)
    return session.scalars(
        select(ApiKey).where(*own, VALID).order_by(ApiKey.id.desc()).limit(1).with_for_update()
    ).first()


def replace(session: Session, key_id: int, by: str, within: datetime.timedelta) -> None:
    """Notes which key has come in the place of one, and lets that expire within this time, if it does not sooner."""
    until = func.now() + within
    sooner = func.least(func.coalesce(ApiKey.expires_at, until), until)
    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(expires_at=sooner, replaced_by=by))


def revoke(session: Session, tenant_id: int, prefix: str) -> int:
    """Revokes the keys that begin so; returns how many."""
    revoked = session.scalars(
        update(ApiKey)
        .where(ApiKey.tenant_id == tenant_id, ApiKey.prefix == prefix, ApiKey.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(ApiKey.id)
    )
    return len(revoked.all())
