"""gunicorn's worker with threads, whose connections have a pace, and whose own refusals are problems, too."""

import errno
import selectors
import socket
import time
import uuid
from functools import partial
from http import HTTPStatus
from typing import Any

from gunicorn.http.errors import (
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)
from gunicorn.workers.gthread import TConn, ThreadWorker

from app.errors import AddressTooLong, HeaderTooLarge, RequestMalformed, TriseekError
from app.http.paced import PacedSocket
from app.http.problems import CONTENT_TYPE, problem_json
from app.http.request_ids import HEADER

IDLE = 5.0  # seconds in which the first byte must come
OURS = (InvalidResponseHeader, InvalidResponseHeaderName)  # of what the application answers


class PacedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Takes requests as gunicorn does, but from nobody who sends them too slowly."""

    def accept(self, listener: socket.socket) -> None:
        """Takes a connection, for which no thread waits before something comes."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                return
            raise
        self.nr_conns += 1
        client.setblocking(False)
        conn = TConn(self.cfg, client, address, listener.getsockname())
        conn.timeout = time.monotonic() + IDLE
        self.pending_conns.append(conn)
        self.poller.register(client, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def enqueue_req(self, conn: TConn) -> None:
        """Hands a connection with a new request to a thread; its time begins now."""
        if not isinstance(conn.sock, PacedSocket):
            conn.sock = PacedSocket.of(conn.sock, self.wsgi.extensions["triseek"].settings.slow_request_seconds)
        conn.sock.begin()
        super().enqueue_req(conn)

    def handle_error(self, req: Any, client: PacedSocket, addr: tuple[str, int], exc: Exception) -> None:  # noqa: ANN401
        """Answers what never came to the application, or broke it beyond its own answers."""
        problem, name = _problem(exc), uuid.uuid4().hex
        if problem.status == TriseekError.status:
            self.log.error("Request %s failed: %s", name, getattr(req, "uri", ""), exc_info=exc)
        else:
            self.log.warning("Request %s refused from %s: %s", name, addr[0] if addr else "a socket", problem.detail)
        client.sendall(_answer(problem, name))


def _problem(error: Exception) -> TriseekError:
    if isinstance(error, LimitRequestLine):
        return AddressTooLong()
    if isinstance(error, LimitRequestHeaders):
        return HeaderTooLarge()
    is_theirs = isinstance(error, ParseException) and not isinstance(error, OURS)
    return RequestMalformed(str(error)) if is_theirs else TriseekError()


def _answer(problem: TriseekError, request_id: str) -> bytes:
    body = problem_json(problem.problem())
    lines = [
        f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}",
        "Connection: close",
        f"{HEADER}: {request_id}",
        f"Content-Type: {CONTENT_TYPE}",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", body]).encode("ascii")
