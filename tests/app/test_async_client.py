"""The client that is awaited, and when both clients ask again, over the real web process or one that is moody."""

import asyncio
import contextlib
import json
import socket
import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from app.client import AsyncClient, Client, ImportOptions, Job
from app.client_retries import TRIES
from app.errors import ApiProblem, ServerUnreachable
from app.types import JobKind, JobState
from tests.web import Web

T = TypeVar("T")


@pytest.fixture
def catalogue() -> str:
    return f"c{uuid.uuid4().hex}"


def _run(web: Web, work: Callable[[AsyncClient], Awaitable[T]]) -> T:
    async def run() -> T:
        async with AsyncClient(web.url, web.key) as client:
            return await work(client)

    return asyncio.run(run())


async def _listed(items: AsyncIterator[T]) -> list[T]:
    return [item async for item in items]


def test_products_are_uploaded_listed_and_deleted(web: Web, catalogue: str) -> None:
    async def work(client: AsyncClient) -> None:
        assert await client.is_live()
        puts = [client.put_product(catalogue, {"sku": f"s{number}", "title": "Shoe"}) for number in range(5)]
        answers = await asyncio.gather(*puts)
        assert {Job.of(answer).kind for answer in answers} == {JobKind.EMBED}
        listed = await _listed(client.products(catalogue, page=2))
        assert {product["sku"] for product in listed} == {f"s{number}" for number in range(5)}
        await client.delete_product(catalogue, "s1")
        with pytest.raises(ApiProblem) as gone:
            await client.get_product(catalogue, "s1")
        assert gone.value.status == 404

    _run(web, work)


def test_an_import_is_streamed_and_tells_how_far_it_is(web: Web, catalogue: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.ndjson"
    file.write_bytes(b"".join(json.dumps({"sku": f"s{n}", "title": "x" * 500}).encode() + b"\n" for n in range(1000)))
    told: list[tuple[int, int | None]] = []

    def tell(done: int, total: int | None) -> None:
        told.append((done, total))

    async def work(client: AsyncClient) -> Job:
        return await client.import_file(catalogue, file, ImportOptions(dry_run=True), progress=tell)

    assert _run(web, work).kind is JobKind.IMPORT
    size = file.stat().st_size
    assert len(told) > 1
    assert told == sorted(told)
    assert told[-1] == (size, size)
    with Client(web.url, web.key) as client:
        made = client.import_file(catalogue, iter([b'{"sku": "a", "title": "A"}\n']), progress=tell)
    assert (made.kind, told[-1]) == (JobKind.IMPORT, (27, None))


def test_a_job_is_waited_for_and_followed(web: Web, catalogue: str) -> None:
    async def work(client: AsyncClient) -> None:
        await client.put_product(catalogue, {"sku": "a", "title": "Shoe"})
        job = await client.submit_search(catalogue, text="shoe")
        waiting = asyncio.create_task(client.wait(job.id))
        following = asyncio.create_task(_listed(client.follow(job.id, every=0.1)))
        await asyncio.sleep(0.5)
        await client.cancel(job.id)
        assert (await waiting).state is JobState.CANCELLED
        seen = [look.state for look in await following]
        assert seen == [JobState.QUEUED] * (len(seen) - 1) + [JobState.CANCELLED]
        assert len(seen) > 1
        assert job.id in [each.id async for each in client.jobs(kind=JobKind.SEARCH, page=1)]
        table = b"".join([piece async for piece in client.job_errors_csv(job.id)])
        assert table.decode("utf-8-sig") == "line,sku,field,reason\r\n"

    _run(web, work)


def test_problems_are_raised_and_name_the_field(web: Web, catalogue: str) -> None:
    async def work(client: AsyncClient) -> None:
        with pytest.raises(ApiProblem) as wrong:
            await client.put_product(catalogue, {"sku": "a", "title": "b", "price": "dear"})
        assert [error.pointer for error in wrong.value.errors] == ["/price"]
        with pytest.raises(ApiProblem):
            await _listed(client.products("nowhere"))
        with pytest.raises(ApiProblem):
            await _listed(client.job_errors_csv("nowhere"))

    _run(web, work)


def test_both_clients_have_the_same_methods() -> None:
    sync, awaited = ({name for name in dir(kind) if not name.startswith("_")} for kind in (Client, AsyncClient))
    assert sync == awaited
    assert Client.get_product.__doc__ == AsyncClient.get_product.__doc__ == "A product as it is stored."


class _Moody:
    """Listens, and answers each connection with the next of some answers, the last of them for ever."""

    def __init__(self, answers: list[bytes]) -> None:
        self.asked: list[bytes] = []
        self._answers = answers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                with self._listener.accept()[0] as connection:
                    self.asked.append(connection.recv(65_536))
                    connection.sendall(self._answers[min(len(self.asked), len(self._answers)) - 1])

    def close(self) -> None:
        self._listener.close()


def _answer(status: str, document: object, *headers: str) -> bytes:
    body = json.dumps(document).encode()
    lines = [f"HTTP/1.1 {status}", "Connection: close", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


FINE = _answer("200 OK", {"status": "ok", "job": {}})
BUSY = _answer("503 Service Unavailable", {"title": "Busy", "status": 503}, "Retry-After: 0")
TOO_MANY = _answer("429 Too Many Requests", {"title": "Too many", "status": 429}, "Retry-After: 0")
TOMORROW = _answer("429 Too Many Requests", {"title": "Too many", "status": 429}, "Retry-After: 86400")


@pytest.fixture
def moody(request: pytest.FixtureRequest) -> Iterator[_Moody]:
    server = _Moody(request.param)
    yield server
    server.close()


@pytest.mark.parametrize("moody", [[BUSY, TOO_MANY, b"", FINE]], indirect=True)
@pytest.mark.parametrize("awaited", [False, True])
def test_who_is_busy_is_asked_again_under_the_same_key(moody: _Moody, awaited: bool) -> None:
    assert _activate(moody.url, awaited=awaited) == {"status": "ok", "job": {}}
    assert len(moody.asked) == 4
    keys = {line for each in moody.asked for line in each.split(b"\r\n") if line.lower().startswith(b"idempotency-key")}
    assert len(keys) == 1


@pytest.mark.parametrize(("moody", "asked"), [([TOMORROW], 1), ([TOO_MANY], TRIES)], indirect=["moody"])
@pytest.mark.parametrize("awaited", [False, True])
def test_who_stays_busy_or_asks_for_too_much_patience_is_told_of(moody: _Moody, asked: int, awaited: bool) -> None:
    with pytest.raises(ApiProblem, match="Too many"):
        _activate(moody.url, awaited=awaited)
    assert len(moody.asked) == asked


@pytest.mark.parametrize("awaited", [False, True])
def test_a_server_that_is_not_there_is_unreachable(awaited: bool) -> None:
    with pytest.raises(ServerUnreachable, match=r"127\.0\.0\.1:9"):
        _activate("http://127.0.0.1:9", awaited=awaited)


def _activate(url: str, *, awaited: bool) -> object:
    if not awaited:
        with Client(url, "key") as client:
            return client.activate_space(1)

    async def run() -> object:
        async with AsyncClient(url, "key") as client:
            return await client.activate_space(1)

    return asyncio.run(run())
