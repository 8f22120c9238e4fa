"""PostgreSQL and Valkey of one folder, reachable by this user only."""

import tempfile
from pathlib import Path
from typing import Self

from app.local import root
from app.local.family import Child, Family, Sink
from app.local.postgres import Postgres
from app.local.root import RootWay
from app.local.valkey import Valkey

STOP_SECONDS = 10.0
LONGEST_SOCKET_FOLDER = 70  # characters; a unix socket's path may have 103 on macOS


class Servers:
    """Starts both servers on unix sockets in a closed folder; stops them at the end of the block.

    A server whose URL is given is somebody else's: it is used, neither started nor stopped.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str = "",
        redis_url: str = "",
        sink: Sink | None = None,
        root_way: RootWay | None = None,
    ) -> None:
        """Prepares the servers.

        Args:
            folder: holds their files; made if it is not there, closed to other users.
            database_url: of a PostgreSQL to use in place of one of its own.
            redis_url: of a server of the Redis protocol to use in place of one of its own.
            sink: takes what they print, line by line.
            root_way: how root runs PostgreSQL; chosen unless told, and of no meaning to an ordinary user.
        """
        self._folder = folder.absolute()
        self._sink = sink
        self._way = root_way or root.choose()
        self._family: Family | None = None
        self._running: list[tuple[Postgres | Valkey, Child]] = []
        self._given_database, self._given_redis = database_url, redis_url
        self.database_url = self.redis_url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts those whose URLs are not given; both URLs are set when it returns.

        Raises:
            ServiceFailed: one of them did not start.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        sockets = socket_folder()
        self._family = Family([sockets], self._sink)
        try:
            self.database_url = self._given_database or self._run(
                Postgres(self._folder, sockets, self._family, self._way)
            )
            self.redis_url = self._given_redis or self._run(Valkey(self._folder, sockets, self._family))
        except BaseException:
            self.stop()
            raise

    def _run(self, server: Postgres | Valkey) -> str:
        """Starts a server; returns its URL."""
        self._running.append((server, server.start()))
        return server.url

    def stop(self) -> None:
        """Stops Valkey, then PostgreSQL, and removes the sockets; does nothing when they are stopped."""
        if self._family is None:
            return
        while self._running:
            _, child = self._running.pop()
            self._family.stop(child, STOP_SECONDS)
        self._family.close()
        self._family = None

    def revive(self) -> None:
        """Starts again what has ended by itself.

        Raises:
            ServiceFailed: it does not start again; try later.
        """
        assert self._family is not None
        for index, (server, child) in enumerate(self._running):
            if child.status is not None:
                self._family.bury(child)
                self._running[index] = (server, server.start())


def socket_folder() -> Path:
    """A new folder with a short path that only this user can enter."""
    usual = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="triseek-", dir=usual if len(usual) < LONGEST_SOCKET_FOLDER else "/tmp"))  # noqa: S108
