"""A whole stack whose PostgreSQL can be reached through a proxy only."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import psutil

from app.errors import ServiceFailed
from app.local.servers import Servers
from app.local.stack import Stack
from tests.chaos.faults import Faults
from tests.chaos.proxy import Proxy

LOOK = 0.2  # seconds between two looks at the servers


@dataclass(frozen=True)
class Running:
    """Where the stack is, and what can be done to it."""

    url: str
    key: str
    database_url: str  # PostgreSQL's own, for who checks
    media: Path
    faults: Faults


@contextmanager
def running_stack(folder: Path, lease: int) -> Iterator[Running]:
    """Starts servers, proxy and stack; whatever dies is started again."""
    others = {child.pid for child in psutil.Process().children()}  # as the servers that other tests share
    with (
        TemporaryDirectory(prefix="chaos-", dir="/tmp") as sockets,
        Servers(folder / "servers") as servers,
        Proxy(Path(sockets), Path(servers.database_url.partition("host=")[2])) as proxy,
        _revived(servers),
    ):
        through = servers.database_url.partition("host=")[0] + f"host={sockets}"
        environ = {"DATABASE_URL": through, "REDIS_URL": servers.redis_url, "TRISEEK_LEASE_SECONDS": str(lease)}
        with (
            patch.dict(os.environ, environ),
            (folder / "log.txt").open("w") as log,
            Stack(folder / "stack", sink=lambda name, line: print(f"{name:8} {line}", file=log, flush=True)) as stack,
        ):
            faults = Faults(others, folder / "servers", proxy, lease)
            yield Running(stack.url, stack.key, servers.database_url, folder / "stack" / "media", faults)


@contextmanager
def _revived(servers: Servers) -> Iterator[None]:
    """Starts servers again that have ended."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK):
            with suppress(ServiceFailed):
                servers.revive()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
