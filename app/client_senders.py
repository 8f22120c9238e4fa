"""What sends the client's calls: at once, or awaited. All else they share."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, Self, TypeVar

import httpx
from tenacity import AsyncRetrying, Retrying

from app.client_calls import Call, Page, json_in
from app.client_retries import policy
from app.errors import ApiProblem, ServerUnreachable

T = TypeVar("T")
TIMEOUT = httpx.Timeout(60.0, connect=10.0)  # longer than any long poll


class Sender:
    """Sends calls, and returns what comes of them. Each raises `ApiProblem` or `ServerUnreachable`."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.Client(base_url=url.rstrip("/"), headers=_authorization(key), timeout=TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def send(self, call: Call[T]) -> T:
        """Sends a call, and those that its answers lead to."""
        while True:
            sent = time.monotonic()
            found = call.read(self._answer(call))
            if not isinstance(found, Call):
                return found
            time.sleep(_left(found.pause, sent))
            call = found

    def items(self, call: Call[Page[T]]) -> Iterator[T]:
        """The items of a page and of those that follow."""
        following: Call[Page[T]] | None = call
        while following is not None:
            sent = time.monotonic()
            page = self.send(following)
            yield from page.items
            following = page.following
            time.sleep(_left(following.pause, sent) if following else 0.0)

    def stream(self, path: str) -> Iterator[bytes]:
        """The bytes of an answer as they come."""
        try:
            with self._http.stream("GET", path) as answer:
                if answer.is_error:
                    answer.read()
                yield from _fine(answer).iter_bytes()
        except httpx.HTTPError as error:
            raise _unreachable(f"GET {self._http.base_url}{path}", error) from error

    def _answer(self, call: Call[Any]) -> httpx.Response:
        try:
            return Retrying(**policy(call))(self._try, call.keyed())
        except httpx.HTTPError as error:
            raise _unreachable(f"{call.method} {self._http.base_url}{call.path}", error) from error

    def _try(self, call: Call[Any]) -> httpx.Response:
        return _fine(self._http.send(_request(self._http, call, call.content)))


class AsyncSender:
    """Sends calls, and is awaited for what comes of them. Each raises `ApiProblem` or `ServerUnreachable`."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.AsyncClient(base_url=url.rstrip("/"), headers=_authorization(key), timeout=TIMEOUT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """Sends a call, and those that its answers lead to."""
        while True:
            sent = time.monotonic()
            found = call.read(await self._answer(call))
            if not isinstance(found, Call):
                return found
            await asyncio.sleep(_left(found.pause, sent))
            call = found

    async def items(self, call: Call[Page[T]]) -> AsyncIterator[T]:
        """The items of a page and of those that follow."""
        following: Call[Page[T]] | None = call
        while following is not None:
            sent = time.monotonic()
            page = await self.send(following)
            for item in page.items:
                yield item
            following = page.following
            await asyncio.sleep(_left(following.pause, sent) if following else 0.0)

    async def stream(self, path: str) -> AsyncIterator[bytes]:
        """The bytes of an answer as they come."""
        try:
            async with self._http.stream("GET", path) as answer:
                if answer.is_error:
                    await answer.aread()
                async for piece in _fine(answer).aiter_bytes():
                    yield piece
        except httpx.HTTPError as error:
            raise _unreachable(f"GET {self._http.base_url}{path}", error) from error

    async def _answer(self, call: Call[Any]) -> httpx.Response:
        try:
            return await AsyncRetrying(**policy(call))(self._try, call.keyed())
        except httpx.HTTPError as error:
            raise _unreachable(f"{call.method} {self._http.base_url}{call.path}", error) from error

    async def _try(self, call: Call[Any]) -> httpx.Response:
        content = None if call.content is None else _in_threads(call.content)
        return _fine(await self._http.send(_request(self._http, call, content)))


def _request(
    http: httpx.Client | httpx.AsyncClient, call: Call[Any], content: Iterable[bytes] | AsyncIterator[bytes] | None
) -> httpx.Request:
    size = None if call.content is None else call.content.size
    return http.build_request(
        call.method,
        call.path,
        params=dict(call.params),
        json=call.document,
        data=call.form,
        files=call.files or None,
        content=content,
        headers={**call.headers, **({} if size is None else {"Content-Length": str(size)})},
    )


async def _in_threads(content: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The same bytes, read where nobody has to wait for them."""
    pieces = iter(content)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def _authorization(key: str) -> dict[str, str]:
    if not key.isascii():
        raise ApiProblem({"title": "The API key is unknown: keys are ASCII.", "status": 401})
    return {"Authorization": f"Bearer {key}"}


def _fine(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        waits = answer.headers.get("Retry-After", "")
        document = json_in(answer) or {"title": answer.reason_phrase}
        raise ApiProblem(document, answer.status_code, retry_after=float(waits) if waits.isdecimal() else None)
    return answer


def _left(pause: float, since: float) -> float:
    """Seconds that are left of a pause: a server that answers at once must not be asked without one."""
    return max(0.0, pause - (time.monotonic() - since))


def _unreachable(what: str, error: Exception) -> ServerUnreachable:
    return ServerUnreachable(f"{what}: {error}")
