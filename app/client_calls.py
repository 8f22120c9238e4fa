"""What the client asks for, as values: which request it is, and what its answer means. Nothing is sent here."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Self, TypeVar, cast
from urllib.parse import quote

import httpx

from app.client_documents import Document
from app.client_uploads import Upload
from app.errors import ApiProblem

T = TypeVar("T")
U = TypeVar("U")
Params = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T]):
    """One request, and how its answer is read: to a value, or to another call that has to come first."""

    method: str
    path: str
    read: "Callable[[httpx.Response], T | Call[T]]"
    params: Params = field(default_factory=dict)
    document: object = None  # sent as JSON
    form: Mapping[str, str] | None = None
    files: Sequence[tuple[str, tuple[str, bytes]]] = ()
    content: Upload | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0.0  # seconds that must have gone by since the call before was sent

    def keyed(self) -> Self:
        """The same; a POST under a key, so that it is done once however often it is sent."""
        if self.method != "POST":
            return self
        return replace(self, headers={"Idempotency-Key": str(uuid.uuid4()), **self.headers})

    def then(self, more: "Callable[[T], U | Call[U]]") -> "Call[U]":
        """The same call, of whose answer more is made: another value, or another call."""

        def read(answer: httpx.Response) -> U | Call[U]:
            found = self.read(answer)
            return found.then(more) if isinstance(found, Call) else more(found)

        return cast("Call[U]", replace(cast(Any, self), read=read))

    @property
    def is_repeatable(self) -> bool:
        """Whether it can be sent again: not with a body that is made as it goes."""
        return self.content is None or self.content.is_repeatable


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of many, and the call that brings the next ones."""

    items: Sequence[T]
    following: "Call[Page[T]] | None"


def get(path: str, **params: object) -> Call[Document]:
    """Reads an object; parameters that are None or empty stay out."""
    given = {name: str(value) for name, value in params.items() if value}
    return Call(method="GET", path=path, params=given, read=read_object)


def post(path: str, document: object = None, *, params: Params | None = None) -> Call[Document]:
    """Asks for something to be done."""
    return Call(method="POST", path=path, document=document, params=params or {}, read=read_object)


def delete(path: str) -> Call[None]:
    """Has something deleted."""
    return Call(method="DELETE", path=path, read=lambda _: None)


def pages(path: str, name: str, **params: object) -> Call[Page[Document]]:
    """A listing whose pages have their items under a name."""

    def read(answer: httpx.Response) -> Page[Document]:
        page = read_object(answer)
        cursor = page.get("next_cursor")
        return Page(page[name], pages(path, name, **{**params, "cursor": cursor}) if cursor else None)

    return replace(cast(Any, get(path, **params)), read=read)


def path_of(*names: str) -> str:
    """A path under `/v1`, each name in it as URLs have it."""
    return "/".join(["/v1", *(quote(name, safe="") for name in names)])


def catalogue_path(catalogue: str, *below: str) -> str:
    """The path of a catalogue, or of what is below it.

    Raises:
        ApiProblem: no server would know its name from a longer path.
    """
    if "/" in catalogue:
        raise ApiProblem({"title": f"A catalogue's name cannot have a '/', as {catalogue!r} has.", "status": 422})
    return path_of("catalogues", catalogue, *below)


def read_object(answer: httpx.Response) -> Document:
    """The JSON object that an answer is.

    Raises:
        ApiProblem: it is none.
    """
    document = json_in(answer)
    if document is None:
        path = answer.request.url.path
        raise ApiProblem({"title": f"{path} was not answered with a JSON object"}, answer.status_code)
    return document


def json_in(answer: httpx.Response) -> Document | None:
    """The JSON object in an answer, if one is in it."""
    try:
        document = answer.json()
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
