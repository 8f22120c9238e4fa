"""Keeps programs running: starts them, starts them again when they die, and stops them together."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from app.errors import ServiceFailed
from app.local.family import Child, Family, Program

log = logging.getLogger(__name__)

TICK = 0.2  # seconds between two looks
FIRST_PAUSE = 0.5  # seconds before a dead program is started again; doubles each time
LONGEST_PAUSE = 10.0
STEADY_AFTER = 60.0  # seconds after which an earlier death is forgotten
STOP_SECONDS = 15.0  # in which all must have ended by themselves


class Keeper:
    """One program that is to run: its child, and how often it died."""

    def __init__(self, program: Program, family: Family) -> None:
        self.program = program
        self.deaths = 0
        self.child: Child | None = None
        self.last_words = ""
        self._family = family
        self._since = 0.0
        self._not_before = 0.0

    @property
    def says(self) -> str:
        """The last lines that it printed."""
        return self.last_words if self.child is None else self.child.last_words

    def look(self) -> None:
        """Starts the program if it does not run and its pause is over."""
        now = time.monotonic()
        if self.child is None:
            if now >= self._not_before:
                self.child = self._family.start(self.program)
                self._since = now
        elif self.child.status is not None:
            self._note_death(self.child, now)

    def _note_death(self, child: Child, now: float) -> None:
        status = self._family.bury(child)
        self.deaths = 1 if now - self._since > STEADY_AFTER else self.deaths + 1
        pause = min(FIRST_PAUSE * 2 ** (self.deaths - 1), LONGEST_PAUSE)
        log.warning("%s ended with status %s; it starts again in %.1f s", self.program.name, status, pause)
        self._not_before = now + pause
        self.last_words = child.last_words
        self.child = None


class Supervisor:
    """Starts and watches the programs from a thread of its own, which lives as long as they do."""

    def __init__(self, family: Family, programs: Sequence[Program], check: Callable[[], None] | None = None) -> None:
        """Prepares.

        Args:
            family: starts the programs.
            programs: what is to run.
            check: called at every look, to see to what else must run; may raise ServiceFailed to be called again.
        """
        self.keepers = [Keeper(program, family) for program in programs]
        self._family = family
        self._check = check
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Begins to start and watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stops all of them, and those that do not stop by force."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            for keeper in self.keepers:
                keeper.look()
            if self._check is not None:
                self._try(self._check)
            self._stopping.wait(TICK)
        self._stop_all()

    def _try(self, check: Callable[[], None]) -> None:
        try:
            check()
        except ServiceFailed as error:
            log.warning("%s", error.detail)

    def _stop_all(self) -> None:
        children = [keeper.child for keeper in self.keepers if keeper.child is not None]
        for child in children:
            child.ask_to_stop()
        until = time.monotonic() + STOP_SECONDS
        for child in children:
            self._family.bury(child, max(until - time.monotonic(), 0.1))
