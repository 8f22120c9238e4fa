import socket
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from app.errors import MediaTooLarge, MediaUnfetchable
from app.media import remote
from app.media.remote import TRIES, Fetcher
from tests.app.web_site import HOST, answer, web_site


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(remote, "LONGEST_PAUSE", 0.0)


def _fetch(url: str, max_bytes: int = 1_000) -> bytes:
    with Fetcher(max_bytes, {HOST}) as fetcher:
        return fetcher.fetch(url)


def test_what_lies_there_is_fetched_past_redirects() -> None:
    pages = {"/a": answer(302, Location="/b"), "/b": answer(301, Location="c.png"), "/c.png": answer(200, b"bytes")}
    with web_site(pages) as (site, asked):
        assert _fetch(f"{site}/a") == b"bytes"
    assert asked == ["/a", "/b", "/c.png"]


def test_a_passing_failure_is_tried_again() -> None:
    statuses = iter((503, 429, 200))

    def page(handler: BaseHTTPRequestHandler) -> None:
        answer(next(statuses), b"bytes")(handler)

    with web_site({"/a": page}) as (site, _):
        assert _fetch(f"{site}/a") == b"bytes"


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (500, TRIES)])
def test_a_failure_that_stays_is_told(status: int, tries: int) -> None:
    with web_site({"/a": answer(status)}) as (site, asked):
        with pytest.raises(MediaUnfetchable, match=str(status)):
            _fetch(f"{site}/a")
        assert len(asked) == tries


def test_what_is_too_large_is_left_whatever_its_header_says() -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 10_000)

    with web_site({"/a": answer(200, b"x" * 1_001), "/b": endless}) as (site, _):
        for path in ("/a", "/b"):
            with pytest.raises(MediaTooLarge):
                _fetch(site + path)


def test_a_host_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(40):
            handler.wfile.write(b"x")
            time.sleep(0.05)

    monkeypatch.setattr(remote, "LONGEST", 0.2)
    monkeypatch.setattr(remote, "TRIES", 2)
    with web_site({"/a": slow}) as (site, asked):
        with pytest.raises(MediaUnfetchable, match="more than"):
            _fetch(f"{site}/a")
        assert len(asked) == 2


def test_nobody_listens() -> None:
    with web_site({}) as (site, _):
        pass
    with pytest.raises(MediaUnfetchable, match="could not be fetched in 3 tries"):
        _fetch(f"{site}/a")


PRIVATE = [
    "127.0.0.1",
    "127.9.9.9",
    "localhost",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "2130706433",
    "0x7f.1",
    "017700000001",
    "127.1",
    "0",
    "255.255.255.255",
    "240.0.0.1",
    "192.0.0.192",
    "198.18.0.1",
    "168.63.129.16",
    "100.100.100.200",
    "LOCALHOST",
    "shop.example@127.0.0.1",
    "shop.example:80@127.0.0.1",
    "127.0.0.1:443",
    "127。0。0。1",
    "[::]",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[fd00::1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::a00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:7f00:1::1]",
    "[2001:db8::1]",
    "[::ffff:0:127.0.0.1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[100::1]",
    "[fe80::1]",
]


@pytest.mark.parametrize("host", PRIVATE)
def test_private_hosts_are_not_asked(host: str) -> None:
    with Fetcher(1_000) as fetcher, pytest.raises(MediaUnfetchable, match="not a public one"):
        fetcher.fetch(f"http://{host}/a")


@pytest.mark.parametrize("place", ["93.184.216.34:22", "93.184.216.34:6379", "[2606:2800:220:1::1]:25"])
def test_ports_that_no_web_server_has_are_not_asked(place: str) -> None:
    with Fetcher(1_000) as fetcher, pytest.raises(MediaUnfetchable, match=r"Port \d+ of"):
        fetcher.fetch(f"http://{place}/a")


@pytest.mark.parametrize(
    "url", ["http://shop.example\\@127.0.0.1/a", "http://[::1", "http:///a", "http://a:99999/", "x"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with Fetcher(1_000) as fetcher, pytest.raises(MediaUnfetchable):
        fetcher.fetch(url)


def test_a_redirect_does_not_lead_to_a_private_host() -> None:
    with web_site({"/b": answer(200, b"secret")}) as (site, asked):
        redirect = answer(302, Location=f"{site.replace(HOST, 'localhost')}/b")
        refused = pytest.raises(MediaUnfetchable, match="localhost is not a public one")
        with web_site({"/a": redirect}) as (outer, _), refused:
            _fetch(f"{outer}/a")
        assert asked == []


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://shop.example/a", "gopher://127.0.0.1:6379/x", "//", ""])
def test_a_redirect_leads_to_http_only(place: str) -> None:
    with web_site({"/a": answer(302, Location=place)}) as (site, _), pytest.raises(MediaUnfetchable):
        _fetch(f"{site}/a")


def test_redirects_in_a_circle_end() -> None:
    with web_site({"/a": answer(302, Location="/a")}) as (site, asked):
        with pytest.raises(MediaUnfetchable, match="redirected more than"):
            _fetch(f"{site}/a")
        assert len(asked) == remote.MOST_REDIRECTS + 1


class _Names:
    """A resolver on this machine: each name has the next of its answers, the last one for ever."""

    def __init__(self, answers: dict[str, list[list[str]]]) -> None:
        self._answers = answers
        self.connected: list[str] = []
        self._real = socket.getaddrinfo

    def getaddrinfo(self, host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        if host not in self._answers:
            return self._real(host, port, *rest, **more)
        own = self._answers[host]
        addresses = own.pop(0) if len(own) > 1 else own[0]
        return [found for each in addresses for found in self._real(each, port, *rest, **more)]

    def connect(self, address: tuple[str, int], *_: Any, **__: Any) -> None:
        self.connected.append(address[0])
        raise ConnectionRefusedError


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> _Names:
    found = _Names(
        {
            "rebinds.example": [["93.184.216.34"], ["127.0.0.1"]],
            "both.example": [["93.184.216.34", "10.0.0.1"]],
            "six.example": [["2606:2800:220:1::1"], ["::1"]],
        }
    )
    monkeypatch.setattr(socket, "getaddrinfo", found.getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", found.connect)
    monkeypatch.setattr(remote, "TRIES", 1)
    return found


@pytest.mark.parametrize(
    ("host", "address"), [("rebinds.example", "93.184.216.34"), ("six.example", "2606:2800:220:1::1")]
)
def test_a_name_that_changes_its_address_is_connected_to_where_it_was_looked_up(
    names: _Names, host: str, address: str
) -> None:
    with Fetcher(1_000) as fetcher:
        with pytest.raises(MediaUnfetchable, match="could not be fetched"):
            fetcher.fetch(f"http://{host}/a")
        with pytest.raises(MediaUnfetchable, match="not a public one"):
            fetcher.fetch(f"http://{host}/a")
    assert names.connected == [address]


def test_a_name_with_one_private_address_is_not_asked(names: _Names) -> None:
    with Fetcher(1_000) as fetcher, pytest.raises(MediaUnfetchable, match="not a public one"):
        fetcher.fetch("http://both.example/a")
    assert names.connected == []


def test_an_allowed_host_is_known_however_it_is_written() -> None:
    with web_site({"/a": answer(200, b"bytes")}) as (site, _), Fetcher(1_000, {"LocalHost"}) as fetcher:
        assert fetcher.fetch(f"{site.replace(HOST, 'LOCALHOST')}/a") == b"bytes"
