"""API keys over HTTP."""

import datetime
from collections.abc import Callable

from sqlalchemy.orm import Session

from app.catalog.service import catalogue_id
from app.errors import CatalogueUnknown, KeyReplaced, KeyUnknown
from app.http.audit import note
from app.http.auth import identity, require_operator, tenant_id
from app.http.bodies import Body, BodyKind
from app.http.endpoints import Answer, Endpoints
from app.http.idempotency import once
from app.http.schemas.keys import (
    KeyRequestSchema,
    KeysSchema,
    MadeKeySchema,
    RotationSchema,
    TokenRequestSchema,
    TokenSchema,
)
from app.http.services import services
from app.keys import service
from app.keys.service import KeyWish, MadeKey
from app.keys.tokens import SearchToken
from app.types import Scope

keys = Endpoints("keys", "Make, rotate and revoke API keys.")


@keys.endpoint(
    "POST", "/keys", scopes=[Scope.ADMIN], body=BodyKind(schema=KeyRequestSchema), answers={201: MadeKeySchema}
)
def make_key(body: Body) -> Answer:
    """Make a key."""
    asked = dict(body.content)
    days = asked.pop("expires_in_days")
    wish = KeyWish(lasts=None if days is None else datetime.timedelta(days=days), **asked)

    if Scope.OPERATE in wish.scopes:
        require_operator()  # what one has not, one cannot give

    def make(session: Session) -> MadeKey:
        made = service.create(session, tenant_id(), wish)
        note(session, "key.create", made.row.prefix, scopes=made.row.scopes, expires_in_days=days)
        return made

    return _told_once(make, body.digest)


@keys.endpoint("GET", "/keys", scopes=[Scope.ADMIN], answers={200: KeysSchema})
def list_keys() -> Answer:
    """List the keys, oldest first."""
    with services().sessions() as session:
        found = service.listed(session, tenant_id())
    return Answer(body={"keys": [service.document(row, _now()) for row in found]})


@keys.endpoint(
    "POST",
    "/keys/<prefix>/rotate",
    scopes=[Scope.ADMIN],
    body=BodyKind(schema=RotationSchema, is_required=False),
    answers={201: MadeKeySchema},
    problems=[KeyUnknown, KeyReplaced],
)
def rotate_key(body: Body, prefix: str) -> Answer:
    """Make a key in the place of another one, which goes on to work for some hours."""
    grace = datetime.timedelta(hours=body.content["grace_hours"])

    def make(session: Session) -> MadeKey:
        made = service.rotate(session, tenant_id(), prefix, grace)
        if Scope.OPERATE in made.row.scopes:
            require_operator()
        note(session, "key.rotate", prefix, by=made.row.prefix)
        return made

    return _told_once(make, body.digest)


@keys.endpoint("DELETE", "/keys/<prefix>", scopes=[Scope.ADMIN], answers={204: None}, problems=[KeyUnknown])
def revoke_key(prefix: str) -> Answer:
    """Revoke a key: it is refused from now on."""
    with services().jobs.transaction() as session:
        service.revoke(session, tenant_id(), prefix)
        note(session, "key.revoke", prefix)
    return Answer(status=204)


@keys.endpoint(
    "POST",
    "/search-tokens",
    scopes=[Scope.SEARCH],
    body=BodyKind(schema=TokenRequestSchema),
    answers={201: TokenSchema},
    problems=[CatalogueUnknown],
    is_keyed=False,
)
def make_search_token(body: Body) -> Answer:
    """Make a token for a browser: it searches one catalogue, sees what a filter keeps, and ends soon."""
    asked = dict(body.content)
    lasts = datetime.timedelta(seconds=asked.pop("expires_in_seconds"))
    with services().sessions() as session:
        catalogue_id(session, tenant_id(), asked["catalogue"])  # which is there
        token = service.make_token(session, identity(), SearchToken(**asked), lasts)
    return Answer(status=201, body={"token": token, "expires_at": (_now() + lasts).isoformat(timespec="seconds")})


def _told_once(make: Callable[[Session], MadeKey], digest: bytes) -> Answer:
    """The answer that tells a key. What is remembered of it, to be repeated, does not."""
    made: list[MadeKey] = []

    def work(session: Session) -> Answer:
        made.append(make(session))
        return Answer(status=201, body=service.document(made[0].row, _now()) | {"key": None})

    answer = once(work, digest)
    secret = made[0].key if made else None
    return Answer(status=answer.status, body={**(answer.body or {}), "key": secret}, headers=answer.headers)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
