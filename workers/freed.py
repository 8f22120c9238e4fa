"""Gives back memory that is no longer needed."""

import ctypes
import gc
from contextlib import suppress


def give_back() -> None:
    """Hands what was freed back to the system: glibc would keep what the loading of weights took beside them."""
    gc.collect()
    with suppress(OSError, AttributeError):  # another system's C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)
