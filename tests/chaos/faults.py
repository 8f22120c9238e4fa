"""What can go wrong: each fault is one kind of accident, done to a running stack."""

import shutil
import signal
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from tests.chaos.proxy import Proxy

WORKERS = {part: f"workers.tasks.{part}" for part in ("embed", "search", "imports", "upkeep")}
WEB, POSTGRES, VALKEY, DECODERS = "app.wsgi", "postgres -D", "valkey-server", "workers.decoding.child"


class Faults:
    """The accidents that a stack may have whose parts are children of this process.

    Args:
        others: children of this process that are not of the stack.
        folder: of the servers.
        proxy: between the workers and PostgreSQL.
        lease: seconds.
    """

    def __init__(self, others: Collection[int], folder: Path, proxy: Proxy, lease: float) -> None:
        self._others = others
        self._folder, self._proxy, self._lease = folder, proxy, lease
        self.kinds: dict[str, Callable[[], None]] = {
            "embed worker killed": lambda: self._kill(WORKERS["embed"]),
            "embedding process killed": lambda: self._kill(WORKERS["embed"], children_only=True),
            "decoding processes killed": lambda: self._kill(DECODERS),
            "embed worker told to end": lambda: self._kill(WORKERS["embed"], by=signal.SIGTERM),
            "embed worker stopped for longer than its lease": self._stop_embedding,
            "import worker killed": lambda: self._kill(WORKERS["imports"]),
            "upkeep worker killed": lambda: self._kill(WORKERS["upkeep"]),
            "query worker killed": lambda: self._kill(WORKERS["search"]),
            "web killed": lambda: self._kill(WEB),
            "Valkey killed and its files wiped": self._wipe_valkey,
            "PostgreSQL killed": lambda: self._kill(POSTGRES),
            "no room in the media store": self._no_room,
            "network to PostgreSQL held up": self._hold_up,
        }

    def tell(self, sign: str, what: signal.Signals) -> int:
        """Sends a signal to the first process of a program, as whoever runs it would; its id."""
        first = next(each for each in self._processes(sign) if not _is_child(each, sign))
        first.send_signal(what)
        return first.pid

    def is_running(self, sign: str, *, beside: int) -> bool:
        """Whether the program runs in another first process than this."""
        return any(not _is_child(each, sign) and each.pid != beside for each in self._processes(sign))

    def _processes(self, sign: str) -> Iterator[psutil.Process]:
        for process in self._own():
            with suppress(psutil.Error):
                if sign in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                    yield process

    def _own(self) -> list[psutil.Process]:
        """All processes of the stack that have not ended."""
        own = []
        for child in psutil.Process().children():
            if child.pid not in self._others:
                with suppress(psutil.Error):
                    own += [child, *child.children(recursive=True)]
        return own

    def _kill(self, sign: str, *, children_only: bool = False, by: signal.Signals = signal.SIGKILL) -> None:
        for process in self._processes(sign):
            if not children_only or _is_child(process, sign):
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(by)

    def _stop_embedding(self) -> None:
        stopped = list(self._processes(WORKERS["embed"]))
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGSTOP)
        time.sleep(1.5 * self._lease)
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)

    def _wipe_valkey(self) -> None:
        self._kill(VALKEY)
        shutil.rmtree(self._folder / "valkey", ignore_errors=True)

    def _no_room(self) -> None:
        """Whoever writes a file of the store is told that it cannot grow."""
        bound = [*self._processes(WEB), *self._processes(WORKERS["imports"])]
        for process in bound:
            with suppress(psutil.NoSuchProcess):
                process.rlimit(psutil.RLIMIT_FSIZE, (0, psutil.RLIM_INFINITY))
        time.sleep(self._lease / 2)
        for process in bound:
            with suppress(psutil.NoSuchProcess):
                process.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))

    def _hold_up(self) -> None:
        self._proxy.hold()
        time.sleep(1.5 * self._lease)
        self._proxy.release()


def _is_child(process: psutil.Process, sign: str) -> bool:
    """Whether its parent is of the same program: a process of a worker's pool."""
    with suppress(psutil.Error):
        parent = process.parent()
        return parent is not None and sign in " ".join(parent.cmdline())
    return False
