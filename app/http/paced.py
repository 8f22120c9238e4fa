"""Connections on which requests must come, and answers must be taken, at some pace.

A thread reads a request as it comes. Without a limit, as many clients as there are threads, who send a byte now and
then, would keep everybody else out.
"""

import errno
import socket
import time
from typing import Self

SLOWEST = 1_024  # bytes a second, once the time of grace is over


class PacedSocket(socket.socket):
    """A socket whose other side must not be slower than so many bytes a second."""

    grace = 20.0  # seconds that any request may take to come, and any piece of an answer to be taken
    _began = 0.0
    _received = 0

    @classmethod
    def of(cls, plain: socket.socket, grace: float) -> Self:
        """Takes over a connection."""
        paced = cls(plain.family, plain.type, plain.proto, plain.detach())
        paced.grace = grace
        return paced

    def begin(self) -> None:
        """Lets the time of a request begin."""
        self._began, self._received = time.monotonic(), 0

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Reads what is there, or waits for it.

        Raises:
            ConnectionResetError: the request is too slow.
        """
        told = self.gettimeout()
        left = self._began + self.grace + self._received / SLOWEST - time.monotonic()
        try:
            self.settimeout(max(left, 0.001) if told is None else min(told, max(left, 0.001)))
            data = super().recv(bufsize, flags)
        except TimeoutError as error:
            raise ConnectionResetError(errno.ECONNRESET, "the request came too slowly") from error
        finally:
            self.settimeout(told)
        self._received += len(data)
        return data

    def sendall(self, data: bytes, flags: int = 0, /) -> None:  # type: ignore[override]  # of bytes, as gunicorn sends
        """Sends all of it.

        Raises:
            ConnectionResetError: it is taken too slowly.
        """
        told = self.gettimeout()
        try:
            self.settimeout(self.grace + len(data) / SLOWEST)
            super().sendall(data, flags)
        except TimeoutError as error:
            raise ConnectionResetError(errno.ECONNRESET, "the answer is taken too slowly") from error
        finally:
            self.settimeout(told)
