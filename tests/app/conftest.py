"""A web server that really listens, for what talks HTTP."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from kombu import Connection
from werkzeug.serving import WSGIRequestHandler, make_server

from app.client import Client
from app.http.app import create_app
from app.jobs.client import broker_url
from app.jobs.names import Queue
from app.keys.service import KeyWish, create, first_tenant
from app.local.servers import Servers
from app.types import Scope
from tests.conftest import Services, cloned
from tests.web import Web, serving


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are no news in a test."""


@dataclass(frozen=True)
class Listening:
    """Where a test's own server listens, and a key with every scope."""

    url: str
    key: str


@pytest.fixture
def listening(services: Services) -> Iterator[Listening]:
    with services.sessions.begin() as session:
        key = create(session, first_tenant(session), KeyWish(name="tests", scopes=list(Scope))).key
    app = create_app(services.settings)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Listening(url=f"http://127.0.0.1:{server.port}", key=key)
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["triseek"].close()


@pytest.fixture(scope="session")
def web(servers: Servers, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The real web process on a database of its own, with small limits and little patience."""
    folder = tmp_path_factory.mktemp("web")
    with cloned(servers, template, "test_web") as url:
        environ = {
            "DATABASE_URL": url,
            "REDIS_URL": servers.redis_url,
            "MEDIA_URL": str(folder / "media"),
            "TRISEEK_MAX_UPLOAD_MB": "8",
            "TRISEEK_SLOW_REQUEST_SECONDS": "2",
            "TRISEEK_MOST_WAITING_SEARCHES": "1000000",  # nobody takes them
        }
        with serving(environ, folder) as web:
            yield web


@pytest.fixture
def client(listening: Listening) -> Iterator[Client]:
    with Client(listening.url, listening.key) as client:
        yield client


@pytest.fixture
def broker(services: Services) -> Iterator[Connection]:
    """The run's broker, with nothing in its queues."""
    with Connection(broker_url(services.settings.redis_url)) as connection:
        for queue in Queue:
            connection.SimpleQueue(str(queue)).clear()
        yield connection
