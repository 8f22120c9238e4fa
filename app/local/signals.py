"""Ctrl-C and SIGTERM as one orderly way out."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupts() -> Iterator[None]:
    """Within the block, the first SIGINT or SIGTERM raises KeyboardInterrupt and the next ones are ignored."""
    before = {number: signal.signal(number, _interrupt) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # what a handler is given
    for each in STOPPING:
        signal.signal(each, signal.SIG_IGN)  # nothing shall stop the stopping
    raise KeyboardInterrupt
