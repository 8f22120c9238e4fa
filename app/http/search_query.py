"""What a search request asks for, with its pictures and recordings stored."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.catalog.drafting import Drafter
from app.catalog.drafts import MediaRef
from app.errors import FieldError, MediaTooLarge, MediaUnreadable, RequestInvalid, TriseekError
from app.http.schemas.searches import SHORT_FORM
from app.types import Modality, QueryPart, SearchQuery

OPTIONS = ("limit", "rerank", "explain", "filter", "min_relevance")


def read_query(
    content: Mapping[str, Any], uploads: Mapping[str, bytes], drafter: Drafter
) -> tuple[SearchQuery, list[MediaRef]]:
    """The query of content that SearchSchema has loaded, and what it stored.

    Raises:
        MediaUnreadable, MediaTooLarge: naming each wrong picture or recording.
    """
    parts: list[QueryPart] = []
    stored: list[MediaRef] = []
    wrong: list[TriseekError] = []
    for name, pointer, asked in _asked(content):
        try:
            part, refs = _part(name, pointer, asked, uploads, drafter)
            parts.append(part)
            stored += refs
        except (MediaUnreadable, MediaTooLarge) as error:
            wrong.append(error)
    if wrong:
        raise type(wrong[0])(wrong[0].detail, [each for error in wrong for each in error.errors])
    options = {name: content[name] for name in OPTIONS}
    against, facets = (tuple(dict.fromkeys(content[name] or ())) for name in ("against", "facets"))
    return SearchQuery(parts=tuple(parts), against=against, facets=facets, **options), stored


def refuse_addresses(query: SearchQuery, why: str) -> None:
    """Refuses a query that names pictures or recordings by their addresses, where nobody fetches them.

    Raises:
        RequestInvalid: naming each.
    """
    wrong = [FieldError(f"/{part.name}", why) for part in query.parts if part.url is not None]
    if wrong:
        raise RequestInvalid(f"{wrong[0].pointer}: {why}", wrong)


def _asked(content: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Each part by its name, where it stands, and its content with its weight."""
    for name in SHORT_FORM:
        if name in content:
            yield name, "", {name: content[name], "weight": 1.0}
    for number, part in enumerate(content.get("query", ())):
        yield f"query/{number}", f"/query/{number}", part


def _part(
    name: str, pointer: str, asked: Mapping[str, Any], uploads: Mapping[str, bytes], drafter: Drafter
) -> tuple[QueryPart, list[MediaRef]]:
    weight = asked["weight"]
    if "text" in asked:
        return QueryPart(name=name, modality=Modality.TEXT, text=asked["text"], weight=weight), []
    if "product" in asked:
        return QueryPart(name=name, modality=None, sku=asked["product"], weight=weight), []
    modality = Modality.IMAGE if "image" in asked else Modality.SPEECH
    source = asked[modality]
    if "product" in source:
        return QueryPart(name=name, modality=modality, sku=source["product"], weight=weight), []
    if "url" in source:
        return QueryPart(name=name, modality=modality, url=source["url"], weight=weight), []
    try:
        ref = drafter.medium(source, modality, uploads)
    except (MediaUnreadable, MediaTooLarge) as error:
        raise type(error)(error.detail, [FieldError(f"{pointer}/{modality}", error.detail)]) from error
    return QueryPart(name=name, modality=modality, media=ref.digest, weight=weight), [ref]
