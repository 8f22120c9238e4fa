"""Connections to hosts that clients name, never to this machine or its network."""

import ipaddress
import socket
from collections.abc import Collection, Iterable
from typing import Any

import httpcore
import httpx

from app.errors import HostPrivate

LAST_PORT = 65_535
TRANSLATED = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48")))


def request_url(url: str) -> httpcore.URL:
    """An http or https address as it is asked for: its host in ASCII (IDNA), its path percent-encoded.

    Raises:
        ValueError: it is none.
    """
    try:
        read = httpx.URL(url)
        if read.scheme not in ("http", "https") or not read.raw_host or (read.port or 0) > LAST_PORT:
            raise ValueError(url)
        return httpcore.URL(scheme=read.raw_scheme, host=read.raw_host, port=read.port, target=read.raw_path)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ValueError(url) from error


class GuardedBackend(httpcore.SyncBackend):
    """Connects to public addresses only.

    An address that a client gives could make the server ask its own neighbours, who trust it (OWASP: server-side
    request forgery). So a connection goes to an address that was looked up here and found public.

    Args:
        allowed: host names that may be private all the same.
    """

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
        """Connects to the address that was looked at: a second look-up might find another.

        Raises:
            HostPrivate: one of the host's addresses is not public.
            httpcore.ConnectError: the host is not known, or does not answer.
        """
        address = host if host in self._allowed else _public_address(host, port)
        return super().connect_tcp(address, port, timeout, local_address, socket_options)


def _public_address(host: str, port: int) -> str:
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"the host {host} is not known") from error
    public = sorted(address for address in found if _is_public(address))
    if not public or len(public) < len(found):
        raise HostPrivate(f"The host {host} is not a public one; TRISEEK_FETCH_HOSTS can allow it.")
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
