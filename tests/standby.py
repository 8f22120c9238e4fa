"""A standby that follows the run's PostgreSQL."""

import time
from pathlib import Path
from typing import Any, Self

import psycopg

from app.local import root
from app.local.family import Family
from app.local.postgres import Postgres
from app.local.servers import socket_folder

PATIENCE = 30.0  # seconds


class Standby:
    """Copies a server and follows it until the end of the block.

    Args:
        folder: of its files.
        primary_url: of any database of the server.
    """

    def __init__(self, folder: Path, primary_url: str) -> None:
        sockets = socket_folder()
        self._family = Family([sockets])
        self._server = Postgres(folder, sockets, self._family, root.choose())
        options = ["--wal-method=stream", "--checkpoint=fast", "--write-recovery-conf", f"--dbname={primary_url}"]
        copied = self._family.run(self._server._program("pg_basebackup", f"--pgdata={self._server._data}", *options))
        assert copied.returncode == 0, copied.stdout
        self._child = self._server.start()
        self._primary_url = primary_url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._family.stop(self._child, 10)
        self._family.close()

    def url_of(self, database: str) -> str:
        """Where a database is on the standby."""
        head, _, options = self._server.url.partition("?")
        return f"{head.rpartition('/')[0]}/{database}?{options}"

    def tell(self, statement: str) -> Any:
        """Runs a statement on the standby."""
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchone()

    def catch_up(self) -> None:
        """Waits until it has all that the primary has."""
        with psycopg.connect(self._primary_url, autocommit=True) as primary:
            written = primary.execute("SELECT pg_current_wal_lsn()").fetchone()
        assert written is not None
        until = time.monotonic() + PATIENCE
        while not self.tell(f"SELECT pg_last_wal_replay_lsn() >= '{written[0]}'")[0]:
            assert time.monotonic() < until
            time.sleep(0.01)
