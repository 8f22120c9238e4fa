"""Connections to hosts that clients name, never to this machine or its network."""

import ipaddress
import socket
from collections.abc import Collection, Iterable
from typing import Any

import httpcore
import httpx

from app.errors import HostPrivate

LAST_PORT = 65_535
PORTS = (80, 443, 8080, 8443)  # where web servers are: no mail, no database
GLOBAL = ipaddress.IPv6Network("2000::/3")  # all that is given out of IPv6 (RFC 4291); what lies beyond leads elsewhere
TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # leads to IPv4 (RFC 6052)
# Not public either, whatever Python's own tables say of them: they are the network's own (RFC 6890, 7526), and Azure's.
OWN = tuple(map(ipaddress.IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")))


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
    """Connects to public addresses only, at ports of the web.

    An address that a client gives could make the server ask its own neighbours, who trust it (OWASP: server-side
    request forgery). So a connection goes to an address that was looked up here and found public.

    Args:
        allowed: host names that may be private all the same, and have any port.
    """

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = frozenset(name.lower() for name in allowed)

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
            HostPrivate: one of the host's addresses is not public, or the port is none of the web's.
            httpcore.ConnectError: the host is not known, or does not answer.
        """
        address = host if host.lower() in self._allowed else _public_address(host, port)
        return super().connect_tcp(address, port, timeout, local_address, socket_options)


def _public_address(host: str, port: int) -> str:
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"the host {host} is not known") from error
    public = sorted(address for address in found if _is_public(address))
    if not public or len(public) < len(found):
        raise HostPrivate(f"The host {host} is not a public one; TRISEEK_FETCH_HOSTS can allow it.")
    if port not in PORTS:
        ports = ", ".join(map(str, PORTS))
        raise HostPrivate(f"Port {port} of {host} is not asked, only {ports}; TRISEEK_FETCH_HOSTS can allow the host.")
    return public[0]


def _is_public(address: str) -> bool:
    own = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(own, ipaddress.IPv4Address):
        return own.is_global and not own.is_multicast and not any(own in network for network in OWN)
    if own in TRANSLATED:
        return _is_public(str(ipaddress.IPv4Address(int(own) & 0xFFFFFFFF)))
    return own in GLOBAL and own.is_global and all(_is_public(str(each)) for each in _within(own))


def _within(own: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The addresses of the old kind that a tunnel's address leads to (RFC 3056, 4380)."""
    return [each for each in (own.sixtofour, *(own.teredo or ())) if each is not None]
