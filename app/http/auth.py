"""Who asks, and whether they may."""

from collections.abc import Sequence
from typing import cast

from flask import Flask, g, request

from app.db import tenancy
from app.errors import ScopeMissing
from app.http.services import services
from app.keys import service as keys
from app.keys.service import Identity
from app.types import Scope


def watch(app: Flask) -> None:
    """Lets no request act for whom the one before it in the same thread did."""
    app.before_request(lambda: tenancy.act_for(None))


def authorize(scopes: Sequence[Scope], *, tokens: bool) -> None:
    """Lets the request go on if its key has one of these scopes.

    Args:
        scopes: any of which will do.
        tokens: whether a search token will do, too.

    Raises:
        KeyRejected: it brings no valid key.
        TooManyRequests: its key has had as many as it may.
        ScopeMissing: its key has none of the scopes.
    """
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    with services().sessions() as session:
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})  # one look, by one function
        who = keys.identify(session, key.strip() if scheme.lower() == "bearer" else None)
    tenancy.act_for(who.tenant_id)
    if who.use_is_news:
        with services().sessions.begin() as session:
            keys.note_use(session, who)
    services().limits.take_request(who)
    if who.token is not None and not tokens:
        raise ScopeMissing("This needs an API key: a search token only searches.")
    if not who.scopes.intersection(scopes):
        raise ScopeMissing(f"This needs a key with the scope {' or '.join(scopes)}.")
    g.identity = who


def require_operator() -> None:
    """Refuses a key that may not change what is of all tenants.

    Raises:
        ScopeMissing: it has not the scope for it.
    """
    if Scope.OPERATE not in identity().scopes:
        raise ScopeMissing(f"This concerns all tenants: it needs a key with the scope {Scope.OPERATE}.")


def identity() -> Identity:
    """Who asks, once `authorize` has let them in."""
    return cast(Identity, g.identity)


def tenant_id() -> int:
    """Whose data this request is about."""
    return identity().tenant_id
