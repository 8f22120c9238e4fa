"""The web process as it is served: gunicorn, over a test's own database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from app.db.engine import make_engine, make_sessions
from app.db.tenancy import DatabaseRole
from app.keys.service import KeyWish, create, first_tenant
from app.local.family import Family
from app.local.services import HOST, free_port, services
from app.types import Scope

PATIENCE = 60.0  # seconds until it listens, on a busy machine


@dataclass(frozen=True)
class Web:
    """Where it listens, a key with every scope, and what it printed."""

    url: str
    key: str
    pid: int
    log: list[str]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def process(self) -> psutil.Process:
        """The one process that answers requests."""
        [worker] = psutil.Process(self.pid).children()
        return worker


@contextmanager
def serving(environ: dict[str, str], folder: Path) -> Iterator[Web]:
    """A web process with this environment; no worker runs beside it."""
    port = free_port(None)
    logins = dict.fromkeys(DatabaseRole, environ["DATABASE_URL"])
    [program] = [each for each in services(environ, logins, port, folder) if each.name == "web"]
    log: list[str] = []
    with Family(sink=lambda _, line: log.append(line)) as family:
        child = family.start(program)
        try:
            web = Web(f"http://{HOST}:{port}", _key(environ["DATABASE_URL"]), child.pid, log)
            _wait_until_live(web)
            yield web
        finally:
            family.stop(child, 10)


def _key(database_url: str) -> str:
    engine = make_engine(database_url)
    with make_sessions(engine).begin() as session:
        key = create(session, first_tenant(session), KeyWish(name="tests", scopes=list(Scope))).key
    engine.dispose()
    return key


def _wait_until_live(web: Web) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            if httpx.get(f"{web.url}/health/live").is_success:
                return
        time.sleep(0.1)
    raise AssertionError("\n".join(web.log[-20:]))
