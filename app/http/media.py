"""Stored pictures and recordings over HTTP, under the same key as everything else; the search page has it."""

from typing import Any

from flask import Response, request

from app.errors import MediaUnknown
from app.http.endpoints import Endpoints
from app.http.openapi.contract import Reply
from app.http.schemas.media import MediaQuerySchema
from app.http.services import services
from app.http.tokens import medium
from app.media.thumbnails import CONTENT_TYPE, thumbnail_path
from app.types import Scope

media = Endpoints("media", "Read stored pictures and recordings.")
SHOWN = ("image/jpeg", "image/png", "image/webp", "image/gif")  # anything else is only ever downloaded
FOREVER = "private, max-age=31536000, immutable"
FOR_NOW = "private, max-age=3600"  # of what stands in for a smaller version, which may be there later


@media.endpoint(
    "GET",
    "/media/<sha256:digest>",
    scopes=[Scope.SEARCH, Scope.WRITE],
    query=MediaQuerySchema,
    headers=["If-None-Match"],
    answers={
        200: Reply(content="*/*", headers=["Content-Disposition", "ETag"]),
        304: Reply(content=None, headers=["Content-Disposition", "ETag"]),
    },
    problems=[MediaUnknown],
    tokens=True,
)
def read_media(query: dict[str, Any], digest: str) -> Response:
    """Read a picture or recording of a product by its SHA-256; of a picture, a smaller version by `width`."""
    with services().sessions() as session:
        known = medium(session, digest)
    if known is None:
        raise MediaUnknown(f"No product has a picture or recording {digest!r}.")
    width = query["width"]
    smaller = services().store.get_derived(thumbnail_path(digest, width)) if width else None
    if smaller is not None:
        return _answer(f"{digest}-{width}", CONTENT_TYPE, FOREVER, smaller)
    return _answer(digest, known.content_type, FOR_NOW if width else FOREVER, None)


def _answer(name: str, content_type: str, cached: str, data: bytes | None) -> Response:
    """What is known by a name, from the store if it is not at hand; nothing that a browser would run or guess at."""
    shown = content_type in SHOWN
    response = Response(content_type=content_type if shown else "application/octet-stream")
    response.headers["Content-Disposition"] = "inline" if shown else f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = cached
    response.set_etag(name)
    if name not in request.if_none_match:
        response.set_data(services().store.get(name) if data is None else data)
    return response
