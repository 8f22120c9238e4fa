"""Embedding spaces over HTTP."""

from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.catalog.drafts import MediaRef
from app.catalog.service import catalogue_id
from app.db import media
from app.db import spaces as rows
from app.errors import (
    ArtifactInvalid,
    CatalogueUnknown,
    MediaStoreFull,
    MediaTooLarge,
    MediaUnreadable,
    ReindexRunning,
    SpaceNotReady,
    SpaceUnknown,
)
from app.http.accepted import accepted, queued
from app.http.audit import note
from app.http.auth import require_operator, tenant_id
from app.http.bodies import Body, BodyKind
from app.http.endpoints import Answer, Endpoints
from app.http.idempotency import once
from app.http.present import space_documents
from app.http.schemas.spaces import (
    AlignmentSchema,
    ReindexRequestSchema,
    RollbackQuerySchema,
    SpaceSchema,
    SpacesSchema,
    VerifyRequestSchema,
)
from app.http.search_query import read_query, refuse_addresses
from app.http.services import services
from app.media.content import MEBIBYTE
from app.spaces import packing, reindex, service, verification
from app.spaces.verification import JudgedSearch
from app.types import JobKind, Scope

spaces = Endpoints("spaces", "Look after embedding spaces.")
ADMIN = (Scope.ADMIN,)
STATES = (SpaceUnknown, SpaceNotReady)
LARGEST_MB = 2 * packing.LARGEST // MEBIBYTE
UPLOAD = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}


@spaces.endpoint(
    "POST",
    "/alignments",
    scopes=ADMIN,
    upload=UPLOAD,
    answers={201: AlignmentSchema},
    problems=[ArtifactInvalid, MediaStoreFull],
)
def upload_alignment() -> Answer:
    """Upload an alignment artifact: its folder as a ZIP file. A reindex names it by the SHA-256 that comes back."""
    request.max_content_length = LARGEST_MB * MEBIBYTE
    digest, size = services().store.put_file(request.stream)  # type: ignore[arg-type]  # a file that is only read
    with services().store.open(digest) as file:
        packing.check(file)

    def work(session: Session) -> Answer:
        media.record(session, [(digest, size, packing.CONTENT_TYPE)])
        note(session, "alignment.upload", digest)
        return Answer(status=201, body={"alignment": digest, "bytes": size})

    return once(work, bytes.fromhex(digest))


@spaces.endpoint("GET", "/spaces", scopes=ADMIN, answers={200: SpacesSchema})
def list_spaces() -> Answer:
    """List the embedding spaces, oldest first."""
    with services().sessions() as session:
        return Answer(body={"spaces": space_documents(session, rows.every(session))})


@spaces.endpoint(
    "POST",
    "/spaces",
    scopes=ADMIN,
    body=BodyKind(schema=ReindexRequestSchema),
    answers={202: queued(JobKind.REINDEX)},
    problems=[CatalogueUnknown, ReindexRunning],
)
def create_space(body: Body) -> Answer:
    """Build a space from the products that are there, while others come in and searches go on: a reindex.

    With `dry_run`, the job's result says what it would take. Without an alignment that differs from the active one,
    what is there is embedded anew.
    """

    def work(session: Session) -> Answer:
        asked: dict[str, Any] = body.content
        if asked["catalogue"] is None:
            require_operator()
        job = reindex.submit(
            session,
            tenant_id(),
            artifact=asked["alignment"],
            places=asked["encoders"],
            dim=asked["dim"],
            catalogue=asked["catalogue"],
            only=asked["modality"],
            dry_run=asked["dry_run"],
        )
        if not asked["dry_run"]:
            note(session, "space.create", job.id, alignment=asked["alignment"], catalogue=asked["catalogue"])
        return accepted(job)

    return once(work, body.digest)


@spaces.endpoint(
    "POST",
    "/spaces/<int:space_id>/verify",
    scopes=ADMIN,
    body=BodyKind(schema=VerifyRequestSchema),
    answers={202: queued(JobKind.VERIFY)},
    problems=[
        CatalogueUnknown,
        SpaceUnknown,
        SpaceNotReady,
        MediaUnreadable,
        MediaTooLarge,
        MediaStoreFull,
    ],
)
def verify_space(body: Body, space_id: int) -> Answer:
    """Compare a ready space with the one that answers searches: what it holds, what it finds, and how quickly.

    The job's result says whether it may take the other's place, and if not, why.
    """
    searches: list[JudgedSearch] = []
    stored: list[MediaRef] = []
    for asked in body.content["queries"]:
        query, refs = read_query(asked["search"], body.uploads.files, services().drafter)
        refuse_addresses(query, "Judged searches have nothing fetched: send the file itself.")
        searches.append(JudgedSearch(query=query, relevant=tuple(asked["relevant"]), kind=asked["kind"]))
        stored += refs

    def work(session: Session) -> Answer:
        catalogue = body.content["catalogue"]
        job = verification.submit(session, tenant_id(), space_id, catalogue=catalogue, searches=searches, stored=stored)
        note(session, "space.verify", space_id, job=str(job.id))
        return accepted(job)

    return once(work, body.digest)


@spaces.endpoint("POST", "/spaces/<int:space_id>/activate", scopes=ADMIN, answers={200: SpaceSchema}, problems=STATES)
def activate_space(space_id: int) -> Answer:
    """Let a ready space answer searches from now on. The one before stays ready, for an instant way back."""

    def work(session: Session) -> Answer:
        _require_own(session, space_id)
        space = service.activate(session, space_id)
        note(session, "space.activate", space_id)
        return Answer(body=space_documents(session, [space])[0])

    return once(work)


@spaces.endpoint(
    "POST",
    "/spaces/rollback",
    scopes=ADMIN,
    query=RollbackQuerySchema,
    answers={200: SpaceSchema},
    problems=[CatalogueUnknown, SpaceNotReady],
)
def roll_back(query: dict[str, Any]) -> Answer:
    """Let the space answer searches again that was active before."""

    def work(session: Session) -> Answer:
        name = query["catalogue"]
        if name is None:
            require_operator()
        space = service.roll_back(session, None if name is None else catalogue_id(session, tenant_id(), name))
        note(session, "space.rollback", space.id, catalogue=name)
        return Answer(body=space_documents(session, [space])[0])

    return once(work)


@spaces.endpoint("POST", "/spaces/<int:space_id>/retire", scopes=ADMIN, answers={200: SpaceSchema}, problems=STATES)
def retire_space(space_id: int) -> Answer:
    """Let go of a space that does not answer searches; its vectors are removed batch by batch."""

    def work(session: Session) -> Answer:
        _require_own(session, space_id)
        space = service.retire(session, space_id)
        note(session, "space.retire", space_id)
        return Answer(body=space_documents(session, [space])[0])

    return once(work)


def _require_own(session: Session, space_id: int) -> None:
    """Refuses to change a space of all catalogues for one tenant.

    Raises:
        ScopeMissing: it is of all, and the key is none of an operator's.
        SpaceUnknown: there is none of this id, or it is of another tenant's catalogue.
    """
    if service.find(session, space_id).catalogue_id is None:
        require_operator()
