"""Stored pictures and recordings over HTTP, under the same key as everything else; the search page has it."""

from flask import Response, request

from app.errors import MediaUnknown
from app.http.endpoints import Endpoints
from app.http.openapi.contract import Reply
from app.http.services import services
from app.http.tokens import medium
from app.types import Scope

media = Endpoints("media", "Read stored pictures and recordings.")
SHOWN = ("image/jpeg", "image/png", "image/webp", "image/gif")  # anything else is only ever downloaded


@media.endpoint(
    "GET",
    "/media/<sha256:digest>",
    scopes=[Scope.SEARCH, Scope.WRITE],
    headers=["If-None-Match"],
    answers={
        200: Reply(content="*/*", headers=["Content-Disposition", "ETag"]),
        304: Reply(content=None, headers=["Content-Disposition", "ETag"]),
    },
    problems=[MediaUnknown],
    tokens=True,
)
def read_media(digest: str) -> Response:
    """Read a picture or recording of a product by its SHA-256."""
    with services().sessions() as session:
        known = medium(session, digest)
    if known is None:
        raise MediaUnknown(f"No product has a picture or recording {digest!r}.")
    shown = known.content_type in SHOWN
    response = Response(content_type=known.content_type if shown else "application/octet-stream")
    response.headers["Content-Disposition"] = "inline" if shown else f'attachment; filename="{digest}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.set_etag(digest)
    if digest not in request.if_none_match:
        response.set_data(services().store.get(digest))
    return response
