"""Imports over HTTP."""

from typing import Any, BinaryIO

from flask import request, url_for
from sqlalchemy.orm import Session

from app.catalog import importing
from app.catalog.drafts import MediaRef
from app.errors import BodyUnsupported, FieldError, RequestInvalid
from app.http.auth import tenant_id
from app.http.bodies import MULTIPART
from app.http.endpoints import Answer, Endpoints
from app.http.idempotency import once
from app.http.names import check_catalogue
from app.http.present import job_document
from app.http.schemas.imports import ImportQuerySchema
from app.http.schemas.jobs import JobAcceptedSchema
from app.http.services import services
from app.types import Scope

imports = Endpoints("imports", "Upload a whole catalogue.")
NDJSON = "application/x-ndjson"
TAKEN = frozenset(
    {NDJSON, "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/json", "text/plain"}
)
LATER = ("text/csv", "application/zip", "application/xml", "text/xml")


@imports.endpoint(
    "POST",
    "/catalogues/<catalogue>/imports",
    scopes=[Scope.WRITE],
    query=ImportQuerySchema,
    upload={NDJSON: {"type": "string"}, MULTIPART: {"type": "object", "properties": {"file": {"type": "string"}}}},
    answers={202: JobAcceptedSchema},
)
def submit_import(query: dict[str, Any], catalogue: str) -> Answer:
    """Upload products as NDJSON, a product a line. The job's errors say what was wrong with which line."""
    check_catalogue(catalogue)
    digest, size = services().store.put_file(_file())
    if not size:
        raise RequestInvalid("The file is empty.", [FieldError("", "is empty; NDJSON is expected")])
    file = MediaRef(digest=digest, bytes=size, content_type=NDJSON)

    def work(session: Session) -> Answer:
        job = importing.submit(session, tenant_id(), catalogue, file, dry_run=query["dry_run"])
        headers = {"Location": url_for("jobs.read_job", job_id=str(job.id)), "Retry-After": "1"}
        return Answer(status=202, body={"job": job_document(job)}, headers=headers)

    return once(work, bytes.fromhex(digest))


def _file() -> BinaryIO:
    """The NDJSON, as the body or as the part `file` of a multipart form."""
    if request.mimetype != MULTIPART:
        if request.mimetype and request.mimetype not in TAKEN:
            later = " That format comes in a later release." if request.mimetype in LATER else ""
            raise BodyUnsupported(f"A body of type {request.mimetype} cannot be imported; send {NDJSON}.{later}")
        return request.stream  # type: ignore[return-value]  # a file that is only read
    if "file" not in request.files:
        raise RequestInvalid("The form has no file part named file.", [FieldError("/file", "is missing")])
    return request.files["file"].stream  # type: ignore[return-value]  # the same
