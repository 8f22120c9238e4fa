"""The whole of Triseek as one tree of processes: servers, web, workers."""

import os
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

import httpx
from sqlalchemy.orm import Session

from app.db import databases
from app.db.engine import make_engine
from app.db.migrate import upgrade
from app.db.tenancy import DatabaseRole
from app.errors import ServiceFailed
from app.keys import service as keys
from app.local.family import Family, Sink
from app.local.lock import FolderLock, Run, write_secret
from app.local.servers import Servers
from app.local.services import HOST, free_port, services
from app.local.supervisor import Supervisor
from app.settings import owner_urls_from_env, urls_from_env

READY_SECONDS = 180.0
DEATHS_AT_START = 3  # that many, and the stack is given up


class Stack:
    """Starts everything on one data folder; stops it at the end of the block."""

    def __init__(self, folder: Path, port: int | None = None, *, sink: Sink | None = None) -> None:
        """Prepares the stack.

        Args:
            folder: holds all data; made if it is not there, closed to other users.
            port: where the web listens; any free one unless told.
            sink: takes what the parts print, line by line.
        """
        self._folder = folder.absolute()
        self._wanted_port = port
        self._sink = sink
        self._parts = ExitStack()
        self.url = ""
        self.key = ""
        self.urls: dict[str, str] = {}  # DATABASE_URL, REDIS_URL, MEDIA_URL

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def link(self) -> str:
        """The search page's address with the key, which stays in the browser: a fragment is never sent."""
        return f"{self.url}/#key={self.key}"

    def start(self) -> None:
        """Starts everything and waits until searches can be taken.

        Raises:
            StackRunning: another stack runs on this folder.
            ServiceFailed: a part did not start.
        """
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops web and workers, then the servers; does nothing when all is stopped."""
        self._parts.close()

    def wait(self) -> None:
        """Returns at Ctrl-C."""
        with suppress(KeyboardInterrupt):
            threading.Event().wait()

    def _start(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        lock = FolderLock(self._folder)
        lock.acquire()
        self._parts.callback(lock.release)
        port = free_port(self._wanted_port)
        servers = self._start_servers()
        upgrade(self.urls["DATABASE_URL"])
        self.key = self._ensure_key()
        supervisor = self._start_services(port, servers)
        self.url = f"http://{HOST}:{port}"
        _wait_until_ready(self.url, supervisor)
        urls = {name.lower(): url for name, url in self.urls.items()}
        lock.publish(Run(pid=os.getpid(), url=self.url, key=self.key, **urls))

    def _start_servers(self) -> Servers:
        given = owner_urls_from_env()
        servers = Servers(
            self._folder,
            database_url=given.get("DATABASE_URL", ""),
            redis_url=given.get("REDIS_URL", ""),
            sink=self._sink,
        )
        self._parts.enter_context(servers)
        media = self._folder / "media"
        media.mkdir(mode=0o700, exist_ok=True)
        self.urls = {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "MEDIA_URL": _absolute(given.get("MEDIA_URL", str(media))),
        }
        return servers

    def _ensure_key(self) -> str:
        file = self._folder / "key"
        known = file.read_text().strip() if file.exists() else None
        engine = make_engine(self.urls["DATABASE_URL"])
        with Session(engine) as session, session.begin():
            key = keys.ensure_first(session, known)
        engine.dispose()
        if key != known:
            write_secret(file, key + "\n")
        return key

    def _logins(self) -> dict[DatabaseRole, str]:
        """The database as web and workers log in: to our own each as what it is, to another's as they are told."""
        owner = self.urls["DATABASE_URL"]
        if "DATABASE_URL" in owner_urls_from_env():
            return dict.fromkeys(DatabaseRole, urls_from_env().get("DATABASE_URL", owner))
        return {role: databases.let_in(owner, role) for role in DatabaseRole}

    def _start_services(self, port: int, servers: Servers) -> Supervisor:
        family = self._parts.enter_context(Family(sink=self._sink))
        programs = services(self.urls, self._logins(), port, self._folder)
        supervisor = Supervisor(family, programs, servers.revive)
        supervisor.start()
        self._parts.callback(supervisor.stop)
        return supervisor


def _absolute(url: str) -> str:
    return url if "://" in url else str(Path(url).absolute())


def _wait_until_ready(url: str, supervisor: Supervisor) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        for keeper in supervisor.keepers:
            if keeper.deaths >= DEATHS_AT_START:
                raise ServiceFailed(f"{keeper.program.name} does not stay up: {keeper.says}")
        with suppress(httpx.TransportError):  # the web process does not listen yet
            if httpx.get(f"{url}/health/ready", timeout=10).status_code == httpx.codes.OK:
                return
        time.sleep(0.2)
    said = "; ".join(f"{keeper.program.name}: {keeper.says}" for keeper in supervisor.keepers)
    raise ServiceFailed(f"{url} was not ready within {READY_SECONDS:.0f} seconds. The parts said last: {said}")
