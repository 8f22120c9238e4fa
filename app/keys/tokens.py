"""Search tokens: what a shop gives to a browser, which may search one catalogue, and see of it what a filter keeps.

A token is signed with the digest of the key that it was made by, and ends with it: revoked, expired or rotated away.
"""

import datetime
import secrets
import time
from dataclasses import dataclass, field

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import Session

from app.db import keys
from app.db.tables import ApiKey
from app.errors import KeyRejected
from app.types import Scope

PREFIX = "tst_"
SALT = "triseek.search-token"


@dataclass(frozen=True, kw_only=True)
class SearchToken:
    """What a token lets its holder see."""

    catalogue: str
    filter: str | None = None  # in the filter language; all of the catalogue without one
    requests_per_minute: int
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(9))  # by which tokens are counted apart


def make(row: ApiKey, token: SearchToken, lasts: datetime.timedelta) -> str:
    """A token of a key that ends after so long."""
    until = int(time.time() + lasts.total_seconds())
    content = [row.id, until, token.catalogue, token.filter, token.requests_per_minute, token.nonce]
    return PREFIX + str(_serializer(row).dumps(content))


def read(session: Session, token: str) -> tuple[ApiKey, SearchToken]:
    """The key that a token was made by, and what it lets its holder see.

    Raises:
        KeyRejected: it was not made by a valid key, was changed, or has ended.
    """
    signed = token.removeprefix(PREFIX)
    _, claimed = URLSafeSerializer("").loads_unsafe(signed)
    key_id = claimed[0] if isinstance(claimed, list) and claimed and type(claimed[0]) is int else None
    row = None if key_id is None else keys.find_valid_by_id(session, key_id)
    if row is None or Scope.SEARCH not in row.scopes:
        raise KeyRejected("This search token is unknown, or the key that it was made by is not valid any more.")
    try:
        content = _serializer(row).loads(signed)
        _, until, catalogue, written, per_minute, nonce = content
    except (BadData, ValueError) as error:
        raise KeyRejected("This search token was changed.") from error
    if _serializer(row).dumps(content) != signed:  # base64 may be written in several ways
        raise KeyRejected("This search token was changed.")
    if time.time() >= until:
        raise KeyRejected("This search token has expired: ask the shop for another.")
    return row, SearchToken(catalogue=catalogue, filter=written, requests_per_minute=per_minute, nonce=nonce)


def _serializer(row: ApiKey) -> URLSafeSerializer:
    return URLSafeSerializer(row.digest, salt=SALT, signer_kwargs={"key_derivation": "hmac"})
