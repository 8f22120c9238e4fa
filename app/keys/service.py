"""API keys: made, checked, listed, revoked."""

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.db import catalogues, keys
from app.db.tables import ApiKey
from app.errors import KeyRejected
from app.types import Scope

TENANT = "default"  # there is one tenant for now
PREFIX = "ts_"
SHOWN = 10  # how many of a key's characters may be shown again


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who asks, and what they may do."""

    tenant_id: int
    key_id: int
    key_prefix: str  # its first characters
    scopes: frozenset[Scope]


def create(session: Session, name: str, scopes: list[Scope]) -> str:
    """Makes a key and returns it; it can never be read again."""
    key = PREFIX + secrets.token_urlsafe(32)
    keys.add(
        session,
        tenant_id=catalogues.first_tenant(session, TENANT),
        name=name,
        prefix=key[:SHOWN],
        digest=_digest(key),
        scopes=[str(scope) for scope in scopes],
    )
    return key


def ensure_first(session: Session, key: str | None) -> str:
    """A key with every scope: the one given if it still works, else a new one."""
    if key is not None and keys.find_valid(session, _digest(key)) is not None:
        return key
    return create(session, "first key", list(Scope))


def identify(session: Session, key: str | None) -> Identity:
    """Whose key this is.

    Raises:
        KeyRejected: it is missing, unknown, expired or revoked.
    """
    if not key:
        raise KeyRejected("Send your API key as 'Authorization: Bearer KEY'.")
    row = keys.find_valid(session, _digest(key))
    if row is None:
        raise KeyRejected("This API key is unknown, expired or revoked.")
    scopes = frozenset(Scope(scope) for scope in row.scopes)
    return Identity(tenant_id=row.tenant_id, key_id=row.id, key_prefix=row.prefix, scopes=scopes)


def listed(session: Session) -> list[ApiKey]:
    """All keys, oldest first."""
    return keys.of_tenant(session, catalogues.first_tenant(session, TENANT))


def revoke(session: Session, prefix: str) -> int:
    """Revokes the keys that begin so; returns how many."""
    return keys.revoke(session, catalogues.first_tenant(session, TENANT), prefix)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
