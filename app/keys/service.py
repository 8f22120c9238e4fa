"""API keys: made, checked, listed, rotated, revoked."""

import datetime
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.db import keys, tenants
from app.db.tables import ApiKey
from app.errors import KeyRejected, KeyReplaced, KeyUnknown
from app.keys import tokens
from app.keys.tokens import SearchToken
from app.types import Scope

TENANT = "default"  # who runs the server; others are made by `triseek tenants create`
PREFIX = "ts_"
SHOWN = 10  # how many of a key's characters may be shown again
LONGEST = 3_650  # days that a key may be wished to last
LONGEST_NAME = 200  # characters
MOST = 1_000_000_000  # of any limit
USE_NOTED_EVERY = datetime.timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who asks, and what they may do."""

    tenant_id: int
    key_id: int
    key_prefix: str  # its first characters
    scopes: frozenset[Scope]
    requests_per_minute: int | None  # as the settings say if None
    searches_per_day: int | None  # any number if None
    last_used_at: datetime.datetime | None = None  # as far as it was noted
    token: SearchToken | None = None  # by which it is asked, and not by the key itself

    @property
    def use_is_news(self) -> bool:
        """Whether it was not noted a moment ago that the key is used: a request need not write for it."""
        now = datetime.datetime.now(datetime.UTC)
        return self.last_used_at is None or self.last_used_at < now - USE_NOTED_EVERY


@dataclass(frozen=True, kw_only=True)
class KeyWish:
    """A key that is to be made."""

    name: str
    scopes: Sequence[Scope]
    lasts: datetime.timedelta | None = None  # for ever unless told
    requests_per_minute: int | None = None
    searches_per_day: int | None = None


@dataclass(frozen=True)
class MadeKey:
    """A new key, which can never be read again, and what is kept of it."""

    key: str
    row: ApiKey


def first_tenant(session: Session) -> int:
    """The tenant of whoever runs the server."""
    return tenants.find_or_create(session, TENANT)


def create(session: Session, tenant_id: int, wish: KeyWish) -> MadeKey:
    """Makes a key."""
    key = PREFIX + secrets.token_urlsafe(32)
    row = keys.add(
        session,
        tenant_id=tenant_id,
        name=wish.name,
        prefix=key[:SHOWN],
        digest=_digest(key),
        scopes=[str(scope) for scope in dict.fromkeys(wish.scopes)],
        lasts=wish.lasts,
        requests_per_minute=wish.requests_per_minute,
        searches_per_day=wish.searches_per_day,
    )
    return MadeKey(key, row)


def ensure_first(session: Session, key: str | None) -> str:
    """A key with every scope: the one given if it still works, else a new one."""
    if key is not None and keys.find_valid(session, _digest(key)) is not None:
        return key
    return create(session, first_tenant(session), KeyWish(name="first key", scopes=list(Scope))).key


def identify(session: Session, key: str | None) -> Identity:
    """Whose key this is.

    Raises:
        KeyRejected: it is missing, unknown, expired or revoked.
    """
    if not key:
        raise KeyRejected("Send your API key as 'Authorization: Bearer KEY'.")
    token = None
    if key.startswith(tokens.PREFIX):
        row, token = tokens.read(session, key)
    else:
        row = _valid(session, key)
    scopes = frozenset({Scope.SEARCH}) if token else frozenset(Scope(scope) for scope in row.scopes)
    return Identity(
        tenant_id=row.tenant_id,
        key_id=row.id,
        last_used_at=row.last_used_at,
        key_prefix=row.prefix,
        scopes=scopes,
        requests_per_minute=row.requests_per_minute,
        searches_per_day=row.searches_per_day,
        token=token,
    )


def note_use(session: Session, who: Identity) -> None:
    """Notes that a key is used."""
    keys.note_use(session, who.key_id)


def make_token(session: Session, who: Identity, token: SearchToken, lasts: datetime.timedelta) -> str:
    """A search token of the key that asks."""
    row = keys.find_valid_by_id(session, who.key_id)
    if row is None:
        raise KeyRejected("This API key is unknown, expired or revoked.")
    return tokens.make(row, token, lasts)


def listed(session: Session, tenant_id: int) -> list[ApiKey]:
    """A tenant's keys, oldest first."""
    return keys.of_tenant(session, tenant_id)


def rotate(session: Session, tenant_id: int, prefix: str, grace: datetime.timedelta) -> MadeKey:
    """Makes a key in the place of another one, which works for some time more.

    Raises:
        KeyUnknown: no valid key begins so.
        KeyReplaced: that was done before.
    """
    old = keys.lock_valid(session, tenant_id, prefix[:SHOWN])
    if old is None:
        raise _unknown(prefix)
    if old.replaced_by is not None:
        raise KeyReplaced(f"Key {old.prefix} was rotated before: {old.replaced_by} is in its place. Rotate that one.")
    wish = KeyWish(
        name=old.name,
        scopes=[Scope(scope) for scope in old.scopes],
        lasts=None if old.expires_at is None else old.expires_at - old.created_at,
        requests_per_minute=old.requests_per_minute,
        searches_per_day=old.searches_per_day,
    )
    made = create(session, tenant_id, wish)
    keys.replace(session, old.id, made.row.prefix, grace)
    return made


def revoke(session: Session, tenant_id: int, prefix: str) -> int:
    """Revokes the keys that begin so; returns how many.

    Raises:
        KeyUnknown: none does that was not revoked.
    """
    count = keys.revoke(session, tenant_id, prefix[:SHOWN])
    if not count:
        raise _unknown(prefix)
    return count


def _unknown(prefix: str) -> KeyUnknown:
    return KeyUnknown(f"No valid key begins with {prefix[:SHOWN]!r}: its first {SHOWN} characters say which is meant.")


def document(row: ApiKey, now: datetime.datetime) -> dict[str, Any]:
    """What may be told of a key."""
    is_over = row.expires_at is not None and row.expires_at <= now
    return {
        "prefix": row.prefix,
        "name": row.name,
        "scopes": row.scopes,
        "state": "revoked" if row.revoked_at is not None else "expired" if is_over else "valid",
        "replaced_by": row.replaced_by,
        "created_at": row.created_at.isoformat(timespec="seconds"),
        "expires_at": None if row.expires_at is None else row.expires_at.isoformat(timespec="seconds"),
        "requests_per_minute": row.requests_per_minute,
        "searches_per_day": row.searches_per_day,
        "last_used_at": None if row.last_used_at is None else row.last_used_at.isoformat(timespec="seconds"),
    }


def _valid(session: Session, key: str) -> ApiKey:
    row = keys.find_valid(session, _digest(key))
    if row is None:
        raise KeyRejected("This API key is unknown, expired or revoked.")
    return row


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
