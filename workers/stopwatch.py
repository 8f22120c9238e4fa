"""Tells how long the steps of a search take."""

import time


class Stopwatch:
    """Runs from when it is made; each lap names what happened since the one before."""

    def __init__(self) -> None:
        self._since = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """Ends a step."""
        now = time.perf_counter()
        self._laps[name] = now - self._since
        self._since = now

    def took_ms(self, queued: float) -> dict[str, float]:
        """Milliseconds in the queue (given in seconds), of each step, and in total."""
        seconds = {"queue": max(queued, 0.0), **self._laps}
        seconds["total"] = sum(seconds.values())
        return {name: round(value * 1000, 1) for name, value in seconds.items()}
