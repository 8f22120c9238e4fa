"""The same answer to the same request, however often it is sent.

Source: draft-ietf-httpapi-idempotency-key-header, The Idempotency-Key HTTP Header Field.
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict

from flask import request
from sqlalchemy.orm import Session

from app.db import idempotency
from app.errors import FieldError, IdempotencyConflict, RequestInvalid
from app.http.auth import identity, tenant_id
from app.http.endpoints import Answer
from app.http.services import services

LONGEST_KEY = 255


def once(work: Callable[[Session], Answer], digest: bytes = b"") -> Answer:
    """Does a request's work in one transaction, or gives its first answer again.

    Args:
        work: what the request does; its answer commits with it.
        digest: SHA-256 of the request's body.

    Raises:
        IdempotencyConflict: the request's key came before, with another body.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        with services().jobs.transaction() as session:
            return work(session)
    if not 0 < len(key) <= LONGEST_KEY:
        wrong = FieldError("/Idempotency-Key", f"must have 1 to {LONGEST_KEY} characters")
        raise RequestInvalid("The header Idempotency-Key is wrong.", [wrong])
    with services().jobs.transaction() as session:
        return _claimed(session, _own(key), _fingerprint(digest), work)


def _claimed(session: Session, key: str, fingerprint: bytes, work: Callable[[Session], Answer]) -> Answer:
    earlier = idempotency.claim(session, tenant_id(), key, fingerprint)
    if earlier is not None:
        if earlier.fingerprint != fingerprint:
            wrong = FieldError("/Idempotency-Key", "was used with another body")
            raise IdempotencyConflict("This Idempotency-Key was used with another request.", [wrong])
        return Answer(**(earlier.answer or {}))
    answer = work(session)
    idempotency.remember(session, tenant_id(), key, asdict(answer))
    return answer


def _own(key: str) -> str:
    """The key as of who asks: what holders of search tokens choose is in nobody else's way."""
    who = identity()
    return f"{who.key_id} {who.token.nonce if who.token else ''} {key}"


def _fingerprint(digest: bytes) -> bytes:
    what = f"{request.method} {request.path} {request.query_string.decode('latin-1')}\n".encode()
    return hashlib.sha256(what + digest).digest()
