"""Requests over HTTP as the client makes them: one key, retried connections, problems raised."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Self

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from app.client_documents import Document
from app.errors import ApiProblem, ServerUnreachable

TRIES = 4
BROKEN = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)  # longer than any long poll


class Requests:
    """Talks to one Triseek server with one API key. Every method raises `ApiProblem` or `ServerUnreachable`."""

    def __init__(self, url: str, key: str) -> None:
        if not key.isascii():
            raise ApiProblem({"title": "The API key is unknown: keys are ASCII.", "status": 401})
        self._http = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {key}"},
            timeout=_TIMEOUT,
            transport=httpx.HTTPTransport(retries=2),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _get(self, path: str, params: Mapping[str, object]) -> Document:
        given = {name: str(value) for name, value in params.items() if value}
        return self._object(self._http.build_request("GET", path, params=given))

    def _pages(self, path: str, name: str, params: Mapping[str, object]) -> Iterator[Document]:
        page = self._get(path, params)
        yield from page[name]
        while cursor := page.get("next_cursor"):
            page = self._get(path, {**params, "cursor": cursor})
            yield from page[name]

    def _pieces(self, path: str) -> Iterator[bytes]:
        """The bytes of an answer as they come."""
        try:
            with self._http.stream("GET", path) as answer:
                if answer.is_error:
                    answer.read()
                    raise _problem(answer)
                yield from answer.iter_bytes()
        except httpx.HTTPError as error:
            raise ServerUnreachable(f"GET {path}: {error}") from error

    def _object(self, request: httpx.Request) -> Document:
        """The JSON object that a request is answered with."""
        answer = self._send(request)
        document = _read_json(answer)
        if document is None:
            raise ApiProblem({"title": f"{request.url.path} was not answered with a JSON object"}, answer.status_code)
        return document

    def _send(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            request.headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
        try:
            answer = _sent(self._http, request)
        except httpx.HTTPError as error:
            raise ServerUnreachable(f"{request.method} {request.url}: {error}") from error
        if answer.is_error:
            raise _problem(answer)
        return answer


def _sent(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Sends a request, again where the connection broke, as while a server starts anew: nothing is done twice.

    A body that is made as it is sent cannot be sent again.
    """
    tries = TRIES if isinstance(request.stream, httpx.ByteStream) else 1
    again = Retrying(
        stop=stop_after_attempt(tries),
        wait=wait_exponential_jitter(multiplier=0.1, max=2),
        retry=retry_if_exception_type(BROKEN),
        reraise=True,
    )
    return again(client.send, request)


def _problem(answer: httpx.Response) -> ApiProblem:
    return ApiProblem(_read_json(answer) or {"title": answer.reason_phrase}, answer.status_code)


def _read_json(answer: httpx.Response) -> Document | None:
    """The JSON object in an answer, if one is in it."""
    try:
        document = answer.json()
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
