"""Bad input that no well-behaved client can send: byte by byte to the real web process.

Each is answered with a problem, none with a 5xx; memory stays flat, and others are served meanwhile.
"""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from app.http.services import THREADS
from app.http.worker import IDLE
from app.keys.service import SHOWN
from tests.web import Web

MEBIBYTE = 2**20
SLOWNESS = 2  # seconds that this process lets a request take to come


@pytest.fixture(autouse=True)
def _is_well_afterwards(web: Web) -> Iterator[None]:
    yield
    assert httpx.get(f"{web.url}/health/live").is_success
    assert not [line for line in web.log if "ERROR" in line or "Traceback" in line]


def _connect(web: Web) -> socket.socket:
    address = urlsplit(web.url)
    assert address.hostname
    assert address.port
    return socket.create_connection((address.hostname, address.port), timeout=20)


def _ask(web: Web, head: bytes, body: bytes = b"") -> tuple[int, dict[str, Any]]:
    """Sends bytes; the status and the problem that come back."""
    head = head.replace(b"KEY", web.key.encode())
    with _connect(web) as connection:
        connection.sendall(head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body)
        return _answer(connection)


def _answer(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.rstrip().endswith(b"}"):
        more = connection.recv(65_536)
        if not more:
            break
        answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, answer
    assert b"X-Request-Id: " in head
    return int(head.split()[1]), json.loads(body)


POST = b"POST /v1/keys HTTP/1.1\nHost: a\nAuthorization: Bearer KEY\nContent-Type: application/json"


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        (b"GET / HTTP/1.1\nHost: a\nX: " + b"a" * 9_000, b"", 431),
        (b"GET / HTTP/1.1\nHost: a" + b"".join(b"\nX-%d: a" % number for number in range(200)), b"", 431),
        (b"GET /v1/" + b"a" * 9_000 + b" HTTP/1.1\nHost: a", b"", 414),
        (POST + b"\nContent-Length: 2\nContent-Length: 3", b"{}", 400),
        (POST + b"\nContent-Length: 2\nTransfer-Encoding: chunked", b"0\r\n\r\n", 400),
        (POST + b"\nTransfer-Encoding: gzip, chunked\nTransfer-Encoding: identity", b"0\r\n\r\n", 400),
        (POST + b"\nTransfer-Encoding: chunked", b"zz\r\n{}\r\n0\r\n\r\n", 400),
        (POST + b"\nTransfer-Encoding: chunked", b"-2\r\n{}\r\n0\r\n\r\n", 400),
        (POST + b"\nTransfer-Encoding: chunked", b"2\r\n{}too long\r\n0\r\n\r\n", 400),
        (POST + b"\nContent-Length: -1", b"{}", 400),
        (POST + b"\nContent-Length: 1e3", b"{}", 400),
        (POST + b"\nContent-Length: " + b"9" * 40, b"{}", 413),
        (POST + b"\nX: a\rb", b"", 400),
        (POST + b"\nX: a\0b", b"", 400),
        (POST + b"\nX : a", b"", 400),
        (POST + b"\n folded: a", b"", 400),
        (b"GET / HTTP/9.1\nHost: a", b"", 400),
        (b"\x16\x03\x01\x02", b"", 400),
        (b"GET /v1/\xff HTTP/1.1\nHost: a", b"", 400),
        (b"BREW /v1/jobs HTTP/1.1\nHost: a", b"", 405),
        (b"GET /v1/../../etc/passwd HTTP/1.1\nHost: a", b"", 404),
        (b"GET /v1/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\nHost: a", b"", 404),
        (b"GET /static/..%2f..%2f..%2fsettings.py HTTP/1.1\nHost: a", b"", 404),
        (b"GET /static/%00 HTTP/1.1\nHost: a", b"", 404),
        (b"GET /v1/catalogues/a%2fb/products HTTP/1.1\nHost: a\nAuthorization: Bearer KEY", b"", 404),
        (b"GET /v1/catalogues/%ff%fe/products HTTP/1.1\nHost: a\nAuthorization: Bearer KEY", b"", 404),
        (b"GET /v1/catalogues/%c0%af/products HTTP/1.1\nHost: a\nAuthorization: Bearer KEY", b"", 404),
        (b"GET /v1/catalogues/a%00/products HTTP/1.1\nHost: a\nAuthorization: Bearer KEY", b"", 404),
        (b"GET /v1/jobs?cursor=%ff HTTP/1.1\nHost: a\nAuthorization: Bearer KEY", b"", 422),
        (b"GET /v1/jobs HTTP/1.1\nHost: a\nAuthorization: Bearer \xff\xfe", b"", 401),
        (b"GET /v1/jobs HTTP/1.1\nHost: a\nAuthorization: Bearer KEY, Bearer KEY", b"", 401),
        (b"GET /v1/jobs HTTP/1.1\nHost: a\nAuthorization: Basic KEY", b"", 401),
        (b"GET /v1/jobs HTTP/1.1\nHost: a\nAuthorization: Bearer", b"", 401),
    ],
)
def test_what_is_no_proper_request_is_answered_with_a_problem(web: Web, head: bytes, body: bytes, status: int) -> None:
    answered, problem = _ask(web, head, body)
    assert (answered, problem["status"]) == (status, status), problem
    assert problem["title"]


def _json(web: Web, content: bytes, content_type: str = "application/json") -> httpx.Response:
    headers = {**web.headers, "Content-Type": content_type}
    return httpx.put(f"{web.url}/v1/catalogues/shop/products/a", content=content, headers=headers)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"[" * 1_000_000, 400),
        (b'{"attributes": ' * 50_000 + b"1" + b"}" * 50_000, 400),
        (b'{"title": "a", "price": 1e999}', 422),
        (b'{"title": "a", "price": ' + b"9" * 100_000 + b"}", 400),
        (b'{"title": "a", "attributes": {"n": ' + b"9" * 5_000 + b"}}", 400),
        (b'{"title": "a", "price": NaN}', 400),
        (b'{"title": "a", "attributes": {"n": -Infinity}}', 400),
        (b'{"title": "a", "title": ""}', 422),  # of two, the last counts
        (b'{"title": "\\u0000"}', 422),
        (b'{"title": "\xff\xfe"}', 400),
        ('{"title": "schön"}'.encode("latin-1"), 400),
    ],
)
def test_json_that_no_product_is_is_refused(web: Web, content: bytes, status: int) -> None:
    answer = _json(web, content)
    assert (answer.status_code, answer.json()["status"]) == (status, status), answer.text[:300]
    assert answer.json()["errors"][0]["detail"]


def test_json_in_another_charset_is_read_by_its_own_rules(web: Web) -> None:
    told_wrong = _json(web, '{"title": "schön"}'.encode(), "application/json; charset=latin-1")
    assert told_wrong.json()["product"]["title"] == "schön"
    assert _json(web, '{"title": "schön"}'.encode("utf-16"), "application/json; charset=utf-16").is_success


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_json_of_100_mb_is_refused_at_the_bound_and_not_held(web: Web, is_chunked: bool) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"title": "'
        for _ in range(100):
            yield b"a" * MEBIBYTE

    before = web.process().memory_info().rss
    length = {} if is_chunked else {"Content-Length": str(100 * MEBIBYTE + 11)}
    head = {**web.headers, "Content-Type": "application/json", **length}
    try:
        answer = httpx.put(f"{web.url}/v1/catalogues/shop/products/a", content=pieces(), headers=head, timeout=60)
        assert answer.status_code == 413
        assert "8 MiB" in answer.json()["detail"]
    except httpx.WriteError:  # the answer was given, and the rest not waited for
        assert not is_chunked
    assert web.process().memory_info().rss - before < 40 * MEBIBYTE  # of which the bound itself may take some


def test_slow_requests_take_no_thread_for_long_and_are_told_so(web: Web) -> None:
    slow = POST.replace(b"KEY", web.key.encode()).replace(b"\n", b"\r\n") + b"\r\nContent-Length: 100\r\n\r\n{"
    began = time.monotonic()
    with ExitStack() as stack:
        bodies = [stack.enter_context(_connect(web)) for _ in range(THREADS)]
        heads = [stack.enter_context(_connect(web)) for _ in range(THREADS)]
        for connection in bodies:
            connection.sendall(slow)
        for connection in heads:
            connection.sendall(b"GET /v1/jobs HTTP/1.1\r\nX: ")
        # All threads have a slow request by now; who comes after them is answered once these are given up.
        assert httpx.get(f"{web.url}/health/live", timeout=30).is_success
        status, problem = _answer(bodies[0])
        assert (status, problem["type"]) == (408, "urn:triseek:problem:body-too-slow")
        assert [connection.recv(1) for connection in heads] == [b""] * THREADS
    assert time.monotonic() - began >= SLOWNESS


def test_connections_on_which_nothing_comes_take_no_thread(web: Web) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(_connect(web)) for _ in range(4 * THREADS)]
        assert httpx.get(f"{web.url}/health/live", timeout=IDLE / 2).is_success
        idle[0].sendall(b"GET /health/live HTTP/1.1\r\nHost: here\r\n\r\n")
        assert idle[0].recv(12) == b"HTTP/1.1 200"


def test_a_connection_can_be_used_again_after_a_while(web: Web) -> None:
    with closing(http.client.HTTPConnection(urlsplit(web.url).netloc, timeout=20)) as connection:
        for pause in (0, 3):  # seconds; gunicorn itself would close it after two
            time.sleep(pause)
            connection.request("GET", "/health/live")
            answer = connection.getresponse()
            assert (answer.status, answer.read()[:1]) == (200, b"{")


def test_a_body_that_drips_is_given_up_however_often_something_comes(web: Web) -> None:
    with _connect(web) as connection:
        connection.sendall(POST.replace(b"KEY", web.key.encode()).replace(b"\n", b"\r\n"))
        connection.sendall(b"\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(8 * SLOWNESS):
            try:
                connection.sendall(b" ")
            except OSError:  # the answer was given
                break
            time.sleep(0.25)
        assert _answer(connection)[0] == 408


def test_keys_that_are_over_or_of_nobody_are_refused(web: Web) -> None:
    def made(**wish: object) -> str:
        asked = {"name": "a", "scopes": ["write"], **wish}
        return str(httpx.post(f"{web.url}/v1/keys", json=asked, headers=web.headers).json()["key"])

    revoked, searching = made(), made(scopes=["search"])
    httpx.delete(f"{web.url}/v1/keys/{revoked[:SHOWN]}", headers=web.headers).raise_for_status()
    for key, status in ((revoked, 401), (searching, 403), ("a" * 7_000, 401), (web.key[:-1], 401)):
        answer = httpx.get(f"{web.url}/v1/jobs", headers={"Authorization": f"Bearer {key}"})
        assert (answer.status_code, answer.json()["status"]) == (status, status)
