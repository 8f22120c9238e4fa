"""Fetches pictures and recordings by their addresses."""

import time
from collections.abc import Collection
from urllib.parse import urljoin

import httpcore
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from app.errors import HostPrivate, MediaTooLarge, MediaUnfetchable
from app.guarded import GuardedBackend, request_url

TRIES = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0  # seconds between two tries; doubles
PATIENCE = 10.0  # seconds for a connection, and for each piece of an answer
LONGEST = 60.0  # seconds of one try
MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
HEADERS = [("User-Agent", "Triseek"), ("Accept", "image/*, audio/*, video/*;q=0.9, */*;q=0.5")]
MAYBE_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


class _Later(Exception):
    """It may go well the next time."""


class Fetcher:
    """Fetches over http and https, never from this machine or its network.

    Every connection is guarded, a redirect's too.

    Args:
        max_bytes: of one answer.
        allowed: host names that may be private all the same, as a shop's own picture server.
        within: seconds for one fetch, for somebody who waits: then nothing is tried again.
    """

    def __init__(self, max_bytes: int, allowed: Collection[str] = (), *, within: float | None = None) -> None:
        self._max_bytes = max_bytes
        self._tries, self._longest = (TRIES, LONGEST) if within is None else (1, within)
        self._pool = httpcore.ConnectionPool(network_backend=GuardedBackend(allowed), max_connections=64)

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
            stop=stop_after_attempt(self._tries),
            wait=wait_exponential_jitter(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE),
            retry=retry_if_exception_type(_Later),
            reraise=True,
        )
        try:
            return tries(self._follow, url)
        except _Later as error:
            often = f" in {self._tries} tries" if self._tries > 1 else ""
            raise MediaUnfetchable(f"{url} could not be fetched{often}: {error}.") from error

    def _follow(self, url: str) -> bytes:
        until = time.monotonic() + self._longest
        place = url
        for _ in range(MOST_REDIRECTS + 1):
            try:
                found = self._ask(place, until)
            except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.RemoteProtocolError) as error:
                raise _Later(str(error) or type(error).__name__) from error
            except HostPrivate as error:
                raise MediaUnfetchable(error.detail) from error
            except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError, ValueError) as error:
                raise MediaUnfetchable(f"{url} leads to what is no http or https address.") from error
            if isinstance(found, bytes):
                return found
            place = urljoin(place, found)
        raise MediaUnfetchable(f"{url} was redirected more than {MOST_REDIRECTS} times.")

    def _ask(self, url: str, until: float) -> bytes | str:
        """The bytes of one answer, or where it sends us."""
        left = until - time.monotonic()
        if left <= 0:
            raise _Later(f"it took more than {self._longest:g} seconds")
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), min(PATIENCE, left))
        with self._pool.stream("GET", request_url(url), headers=HEADERS, extensions={"timeout": timeouts}) as response:
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
                    raise _Later(f"it took more than {self._longest:g} seconds")
            return bytes(data)


def _header(response: httpcore.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")
