"""Fetches pictures and recordings by their addresses."""

import ipaddress
import socket
import time
from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import urljoin

import httpcore
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from app.errors import MediaTooLarge, MediaUnfetchable

TRIES = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0  # seconds between two tries; doubles
PATIENCE = 10.0  # seconds for a connection, and for each piece of an answer
LONGEST = 60.0  # seconds of one try
MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
HEADERS = [("User-Agent", "Triseek"), ("Accept", "image/*, audio/*, video/*;q=0.9, */*;q=0.5")]
TRANSLATED = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48")))
MAYBE_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


class _Later(Exception):
    """It may go well the next time."""


class Fetcher:
    """Fetches over http and https, never from this machine or its network.

    An address that a client gives could make the server ask its own neighbours, who trust it (OWASP: server-side
    request forgery). So every connection, a redirect's too, goes to an address that was looked up and found public.

    Args:
        max_bytes: of one answer.
        allowed: host names that may be private all the same, as a shop's own picture server.
    """

    def __init__(self, max_bytes: int, allowed: Collection[str] = ()) -> None:
        self._max_bytes = max_bytes
        self._pool = httpcore.ConnectionPool(network_backend=_Guarded(allowed), max_connections=64)

    def __enter__(self) -> "Fetcher":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def fetch(self, url: str) -> bytes:
        """The bytes at an address; what may be a passing failure is tried again.

        Raises:
            MediaUnfetchable: nothing can be had there, or its host is not a public one.
            MediaTooLarge: there are more bytes than allowed.
        """
        tries = Retrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_exponential_jitter(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE),
            retry=retry_if_exception_type(_Later),
            reraise=True,
        )
        try:
            return tries(self._follow, url)
        except _Later as error:
            raise MediaUnfetchable(f"{url} could not be fetched in {TRIES} tries: {error}.") from error

    def _follow(self, url: str) -> bytes:
        until = time.monotonic() + LONGEST
        place = url
        for _ in range(MOST_REDIRECTS + 1):
            try:
                found = self._ask(place, until)
            except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.RemoteProtocolError) as error:
                raise _Later(str(error) or type(error).__name__) from error
            except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError, ValueError) as error:
                raise MediaUnfetchable(f"{url} leads to what is no http or https address.") from error
            if isinstance(found, bytes):
                return found
            place = urljoin(place, found)
        raise MediaUnfetchable(f"{url} was redirected more than {MOST_REDIRECTS} times.")

    def _ask(self, url: str, until: float) -> bytes | str:
        """The bytes of one answer, or where it sends us."""
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)
        with self._pool.stream("GET", url, headers=HEADERS, extensions={"timeout": timeouts}) as response:
            if response.status in REDIRECTS:
                return _header(response, b"location")
            if response.status in MAYBE_LATER:
                raise _Later(f"it answered {response.status}")
            if response.status != 200:
                raise MediaUnfetchable(f"{url} answered {response.status}.")
            data = bytearray()
            for piece in response.iter_stream():
                data += piece
                if len(data) > self._max_bytes:
                    raise MediaTooLarge(f"{url} has more than {self._max_bytes / 2**20:g} MiB.")
                if time.monotonic() > until:
                    raise _Later(f"it took more than {LONGEST:g} seconds")
            return bytes(data)


def _header(response: httpcore.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")


class _Guarded(httpcore.SyncBackend):
    """Connects to public addresses only."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = frozenset(allowed)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connects to the address that was looked at: a second look-up might find another."""
        address = host if host in self._allowed else _public_address(host, port)
        return super().connect_tcp(address, port, timeout, local_address, socket_options)


def _public_address(host: str, port: int) -> str:
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise _Later(f"the host {host} is not known") from error
    public = sorted(address for address in found if _is_public(address))
    if not public or len(public) < len(found):
        raise MediaUnfetchable(f"The host {host} is not a public one; TRISEEK_FETCH_HOSTS can allow it.")
    return public[0]


def _is_public(address: str) -> bool:
    own = ipaddress.ip_address(address.partition("%")[0])
    return own.is_global and not own.is_multicast and all(each.is_global for each in _within(own))


def _within(own: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The addresses of the old kind that one of the new kind leads to (RFC 4291, 3056, 4380, 6052)."""
    if isinstance(own, ipaddress.IPv4Address):
        return []
    found = [own.ipv4_mapped, own.sixtofour, *(own.teredo or ())]
    if any(own in network for network in TRANSLATED):
        found.append(ipaddress.IPv4Address(int(own) & 0xFFFFFFFF))
    return [each for each in found if each is not None]
