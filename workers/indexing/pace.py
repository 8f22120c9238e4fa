"""How fast a backfill goes: as fast as it can, unless somebody searches."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy.exc import OperationalError

from app.db import open_jobs
from app.types import JobKind
from workers.connections import Connections

# PostgreSQL writes at the priority at which it searches: of five parts of the time, three are left to searches.
REST = 3.0  # times as long as the writing took
LONGEST_REST = 1.0  # seconds: uploads wait for it, too
SEARCHED = 5.0  # seconds for which one search is taken for a sign of others


class Pace:
    """Writes what was embedded while the next is being embedded, one after another, and rests while searches go on.

    Args:
        connections: of the process.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="write")
        self._writing: Future[None] | None = None
        self._searched = -SEARCHED

    def write(self, work: Callable[[], None]) -> None:
        """Starts to write, once what was to be written before is, and the rest after it is over."""
        self.wait()
        self._writing = self._pool.submit(self._write, work)

    def wait(self) -> None:
        """Waits until all is written."""
        if self._writing is not None:
            self._writing.result()
            self._writing = None

    def _write(self, work: Callable[[], None]) -> None:
        started = time.monotonic()
        work()
        now = time.monotonic()
        if self._is_searched(now):
            time.sleep(min(LONGEST_REST, REST * (now - started)))

    def _is_searched(self, now: float) -> bool:
        try:
            with self._connections.sessions() as session:
                if open_jobs.are_there(session, JobKind.SEARCH):
                    self._searched = now
        except OperationalError:
            return False  # of no concern here
        return now - self._searched < SEARCHED
