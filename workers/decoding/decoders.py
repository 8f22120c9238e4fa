"""Decodes pictures and recordings in processes of their own: a decoder that crashes or hangs takes nothing with it."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import ProcessError
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import MediaUnreadable
from app.types import Modality
from workers.decoding.child import PROBLEMS
from workers.media import MediaLimits

GIGABYTE = 2**30
TRIES = 2  # a process may have been ended by somebody else, as by a system without memory
ENVIRON = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONWARNINGS", "VIRTUAL_ENV")  # no address, no secret
NONSENSE = (ValueError, LookupError, TypeError, ProcessError)  # what a decoder may answer that was taken over
STARTING = 60  # seconds until a process has to be there
GRACE = 0.5  # seconds to end once nobody calls any more
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class _Ended(Exception):
    """The process is gone."""


@dataclass(frozen=True, kw_only=True)
class DecodeLimits:
    """What one picture or recording may take."""

    media: MediaLimits
    seconds: float = 30
    memory: int = 4 * GIGABYTE  # bytes of address space of a process


class Decoders:
    """So many processes that decode, each started when it is first needed and again when it has ended.

    Args:
        limits: of one picture or recording.
        processes: at most.
    """

    def __init__(self, limits: DecodeLimits, processes: int) -> None:
        self._idle: queue.LifoQueue[_Process] = queue.LifoQueue(processes)
        for _ in range(processes):
            self._idle.put(_Process(limits))

    def start(self) -> None:
        """Starts all processes, so that nobody waits for one."""
        idle = [self._idle.get() for _ in range(self._idle.maxsize)]
        for process in idle:
            process.start()
            self._idle.put(process)

    def decode(self, modality: Modality, data: bytes) -> NDArray[Any]:
        """A picture, (height, width, 3) uint8 RGB, or a recording, (samples,) float32 at 16 kHz.

        Raises:
            MediaUnreadable: it cannot be decoded, or its decoder crashed, or took too long, or too much memory.
            MediaTooLarge: it is larger than allowed.
        """
        with self._one() as process:
            for _ in range(TRIES):
                try:
                    return process.call(modality, data)
                except _Ended:
                    continue
        raise MediaUnreadable("The decoder ended on it: it is damaged, or made to do harm.")

    @contextmanager
    def _one(self) -> Iterator["_Process"]:
        process = self._idle.get()
        try:
            yield process
        finally:
            self._idle.put(process)


class _Process:
    """One process; used by one thread at a time."""

    def __init__(self, limits: DecodeLimits) -> None:
        self._limits = limits
        self._running: _Running | None = None

    def start(self) -> "_Running":
        self._running = self._running or _Running(self._limits)
        return self._running

    def call(self, modality: Modality, data: bytes) -> NDArray[Any]:
        running = self.start()
        try:
            return running.call(modality, data, patience=2 * self._limits.seconds)
        except (EOFError, OSError, *NONSENSE) as error:
            self._running = None
            if running.end() == -signal.SIGALRM:
                raise MediaUnreadable(f"It could not be decoded within {self._limits.seconds:g} seconds.") from error
            raise _Ended from error


class _Running:
    """A process that has been started, and ends with this object at the latest."""

    def __init__(self, limits: DecodeLimits) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            told = (theirs.fileno(), limits.media.max_pixels, limits.media.max_seconds, limits.seconds, limits.memory)
            child = subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-P", "-m", "workers.decoding.child", *map(str, told)],
                pass_fds=[theirs.fileno()],
                env={name: os.environ[name] for name in ENVIRON if name in os.environ} | ONE_THREAD,
            )
            self._connection = Connection(ours.detach())
        self._child = child
        self._there = False
        self._end = weakref.finalize(self, _end, child, self._connection)

    def call(self, modality: Modality, data: bytes, patience: float) -> NDArray[Any]:
        if not self._there:
            self._received(STARTING)
            self._there = True
        self._connection.send_bytes(modality.encode())
        self._connection.send_bytes(data)
        # The process has an alarm of its own: it is later only where it cannot even end, as when it was stopped.
        answer = json.loads(self._received(patience))
        if "problem" in answer:
            raise PROBLEMS[answer["problem"]](answer["detail"])
        numbers = np.empty(answer["shape"], np.dtype(answer["dtype"]))
        self._connection.recv_bytes_into(numbers.data.cast("B"))
        return numbers

    def _received(self, patience: float) -> bytes:
        if not self._connection.poll(patience):
            raise TimeoutError
        return self._connection.recv_bytes()

    def end(self) -> int:
        """Ends it, if it has not ended; how it ended, as `Popen.returncode` says."""
        self._end()
        return self._child.returncode


def _end(child: subprocess.Popen[bytes], connection: Connection) -> None:
    connection.close()
    with suppress(subprocess.TimeoutExpired):
        child.wait(GRACE)
    child.kill()
    child.wait()
