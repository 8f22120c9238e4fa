"""Imports over HTTP."""

from dataclasses import replace
from typing import BinaryIO

from flask import request
from sqlalchemy.orm import Session

from app.catalog import importing
from app.catalog.drafts import MediaRef
from app.catalog.formats.reading import Format
from app.catalog.importing import ImportRequest
from app.errors import BodyUnsupported, FieldError, MediaStoreFull, RequestInvalid
from app.http.accepted import accepted, queued
from app.http.auth import tenant_id
from app.http.bodies import MULTIPART
from app.http.endpoints import Answer, Endpoints
from app.http.examples import files
from app.http.idempotency import once
from app.http.names import check_catalogue
from app.http.schemas.imports import ImportQuerySchema
from app.http.services import services
from app.media.content import MEBIBYTE
from app.types import JobKind, Scope

imports = Endpoints("imports", "Upload a whole catalogue.")
FORMATS = {  # by content type; what else comes is told from its content
    "application/x-ndjson": Format.NDJSON,
    "application/ndjson": Format.NDJSON,
    "application/jsonl": Format.NDJSON,
    "application/x-jsonlines": Format.NDJSON,
    "text/csv": Format.TABLE,
    "text/tab-separated-values": Format.TABLE,
    "application/xml": Format.MERCHANT,
    "text/xml": Format.MERCHANT,
    "application/rss+xml": Format.MERCHANT,
    "application/atom+xml": Format.MERCHANT,
    "application/vnd.apache.parquet": Format.PARQUET,
}
TOLD = frozenset(
    {
        "",
        "application/gzip",
        "application/json",
        "application/octet-stream",
        "application/x-zip-compressed",
        "application/zip",
        "text/plain",
    }
)
UPLOAD = {each: files.body(kind) for each, kind in FORMATS.items()}
UPLOAD |= {each: files.body(None) for each in ("application/zip", "application/gzip")}


@imports.endpoint(
    "POST",
    "/catalogues/<catalogue>/imports",
    scopes=[Scope.WRITE],
    query=ImportQuerySchema,
    upload={**UPLOAD, MULTIPART: files.FORM},
    answers={202: queued(JobKind.IMPORT)},
    problems=[MediaStoreFull],
)
def submit_import(query: ImportRequest, catalogue: str) -> Answer:
    """Upload products as NDJSON, CSV, a merchant feed, Parquet, one of these in gzip, or in a ZIP with their media.

    The job's errors say what was wrong with which line.
    """
    check_catalogue(catalogue)
    request.max_content_length = services().settings.max_import_mb * MEBIBYTE
    file, content_type = _file()
    digest, size = services().store.put_file(file)
    if not size:
        wrong = "is empty; a catalogue file is expected"
        raise RequestInvalid(f"The file {wrong}.", [FieldError("", wrong)])
    stored = MediaRef(digest=digest, bytes=size, content_type=content_type or "application/octet-stream")
    options = replace(query, format=query.format or FORMATS.get(content_type))

    def work(session: Session) -> Answer:
        return accepted(importing.submit(session, tenant_id(), catalogue, stored, options))

    return once(work, bytes.fromhex(digest))


def _file() -> tuple[BinaryIO, str]:
    """The file, as the body or as the part `file` of a multipart form, and its content type."""
    if request.mimetype != MULTIPART:
        if request.mimetype not in {*FORMATS, *TOLD}:
            raise BodyUnsupported(f"A body of type {request.mimetype} cannot be imported; send {', '.join(UPLOAD)}.")
        return request.stream, request.mimetype  # type: ignore[return-value]  # a file that is only read
    if "file" not in request.files:
        raise RequestInvalid("The form has no file part named file.", [FieldError("/file", "is missing")])
    part = request.files["file"]
    return part.stream, part.mimetype  # type: ignore[return-value]  # the same
