"""Erasures, collections of media and vacuums over HTTP."""

from typing import Any

from sqlalchemy.orm import Session

from app.errors import CatalogueUnknown, FieldError, ProductUnknown, RequestInvalid
from app.http.accepted import accepted, queued
from app.http.audit import note
from app.http.auth import require_operator, tenant_id
from app.http.bodies import Body, BodyKind
from app.http.endpoints import Answer, Endpoints
from app.http.idempotency import once
from app.http.schemas.upkeep import CollectionQuerySchema, ErasureSchema
from app.removal import erasing, upkeep_jobs
from app.types import JobKind, Scope

upkeep = Endpoints("upkeep", "Erase what is to be forgotten; give room back.")
ADMIN = (Scope.ADMIN,)


@upkeep.endpoint(
    "POST",
    "/erasures",
    scopes=ADMIN,
    body=BodyKind(schema=ErasureSchema),
    answers={202: queued(JobKind.UPKEEP)},
    problems=[CatalogueUnknown, ProductUnknown],
)
def erase(body: Body) -> Answer:
    """Erase a product, a catalogue, or everything but the keys, wherever it is: rows, vectors, media, frozen answers.

    The job's result counts what was removed, and what is left of it.
    """
    catalogue, sku, everything = (body.content[name] for name in ("catalogue", "sku", "everything"))
    if everything == (catalogue is not None) or (sku is not None and catalogue is None):
        wrong = FieldError("/catalogue", "must be named, with or without a sku; or everything be true instead")
        raise RequestInvalid("What is to be erased?", [wrong])

    def work(session: Session) -> Answer:
        job = erasing.submit(session, tenant_id(), catalogue, sku)
        note(session, "erase", job.id, catalogue=catalogue, sku=sku)
        return accepted(job)

    return once(work, body.digest)


@upkeep.endpoint(
    "POST",
    "/media/collections",
    scopes=ADMIN,
    query=CollectionQuerySchema,
    answers={202: queued(JobKind.UPKEEP)},
)
def collect_media(query: dict[str, Any]) -> Answer:
    """Remove stored bytes that nothing has needed for an hour; this also happens by itself every hour."""
    require_operator()

    def work(session: Session) -> Answer:
        job = upkeep_jobs.submit_collection(session, tenant_id(), dry_run=query["dry_run"])
        if not query["dry_run"]:
            note(session, "media.collect", job.id)
        return accepted(job)

    return once(work)


@upkeep.endpoint(
    "POST",
    "/catalogues/<catalogue>/vacuum",
    scopes=ADMIN,
    answers={202: queued(JobKind.UPKEEP)},
    problems=[CatalogueUnknown],
)
def vacuum_catalogue(catalogue: str) -> Answer:
    """Give room back that a catalogue's rows no longer take, while others read and write."""

    def work(session: Session) -> Answer:
        job = upkeep_jobs.submit_vacuum(session, tenant_id(), catalogue)
        note(session, "catalogue.vacuum", catalogue)
        return accepted(job)

    return once(work)
