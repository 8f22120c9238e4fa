"""`python -m app.local.guard`: ends a family of processes when its head is gone, however that went.

The head writes `+PID SIGNAL` and `-PID` to its standard input as children come and go. When the head ends, even by
kill -9, the input ends: each child gets its signal, and its process group is killed if it is still there after the
grace. Then the folders named as arguments are removed.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

GRACE = 3.0  # seconds


def main(lines: Iterable[str], folders: list[str], grace: float = GRACE) -> None:
    """Follows the head's lines to their end, then cleans up."""
    # The terminal's Ctrl-C is for the head.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    left = follow(lines)
    for pid, number in left.items():
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    until = time.monotonic() + grace
    while any(signal_group(pid, 0) for pid in left) and time.monotonic() < until:
        time.sleep(0.05)
    for pid in left:
        signal_group(pid, signal.SIGKILL)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def follow(lines: Iterable[str]) -> dict[int, int]:
    """The children that are left when the lines end, with the signal that ends each."""
    left: dict[int, int] = {}
    for line in lines:
        words = line[1:].split()
        if line.startswith("+"):
            left[int(words[0])] = int(words[1])
        else:
            left.pop(int(words[0]), None)
    return left


def signal_group(group: int, number: int) -> bool:
    """Signals every process of the group; says whether there is any."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main(sys.stdin, sys.argv[1:])
