"""The program that decodes pictures and recordings, in a process of its own: `python -m workers.decoding.child`.

It knows no secret, may take so much memory and no more, and ends when whoever started it does.
"""

import json
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import MediaTooLarge, MediaUnreadable
from app.types import Modality
from workers.media import MediaLimits, decode_image, decode_sound

PROBLEMS = {each.__name__: each for each in (MediaUnreadable, MediaTooLarge)}


def serve(calls: Connection, limits: MediaLimits, seconds: float, memory: int) -> None:
    """Says that it is there, then answers calls until the caller is gone.

    A call is a modality and then the bytes. The answer is JSON, and then the numbers unless it tells of a problem:
    nothing that a decoder was tricked into writing is ever run by the caller.

    Args:
        calls: to the caller.
        limits: media that are refused.
        seconds: after which the kernel ends this process, whatever a decoder is stuck in.
        memory: bytes of address space.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the worker, which ends us
    with suppress(ValueError):  # a system that knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    calls.send_bytes(b"")
    while True:
        try:
            modality, data = Modality(calls.recv_bytes().decode()), calls.recv_bytes()
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_REAL, seconds)
        answer, numbers = _decoded(modality, data, limits)
        signal.setitimer(signal.ITIMER_REAL, 0)
        calls.send_bytes(json.dumps(answer).encode())
        if numbers is not None:
            calls.send_bytes(np.ascontiguousarray(numbers).data.cast("B"))


def _decoded(modality: Modality, data: bytes, limits: MediaLimits) -> tuple[dict[str, object], NDArray[Any] | None]:
    decode = decode_image if modality is Modality.IMAGE else decode_sound
    try:
        found = decode(data, limits)
    except (MediaUnreadable, MediaTooLarge) as error:
        return {"problem": type(error).__name__, "detail": error.detail}, None
    return {"shape": found.shape, "dtype": found.dtype.str}, found


if __name__ == "__main__":
    handle, pixels, longest, alarm, room = sys.argv[1:]
    with socket.socket(fileno=int(handle)) as own, Connection(os.dup(own.fileno())) as connection:
        allowed = MediaLimits(max_pixels=int(pixels), max_seconds=float(longest))
        serve(connection, allowed, float(alarm), int(room))
