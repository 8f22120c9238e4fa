"""Gives back memory that is no longer needed: glibc would keep it, a part for each thread that ever had some."""

import ctypes
import gc
import time
from contextlib import suppress

EVERY = 5.0  # seconds


class Freed:
    """Gives back now and then, for a process that works on and on."""

    def __init__(self) -> None:
        self._at = time.monotonic()

    def now_and_then(self) -> None:
        """Hands what was freed back to the system, if that was not done a moment ago."""
        now = time.monotonic()
        if now - self._at >= EVERY:
            self._at = now
            _trim()


def give_back() -> None:
    """Hands what was freed back to the system, as once weights are loaded, which took as much beside them."""
    gc.collect()
    _trim()


def _trim() -> None:
    with suppress(OSError, AttributeError):  # another system's C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)
