"""Waits for jobs to end: one listening connection a process, however many requests wait."""

import logging
import threading
import time
import uuid
from collections import defaultdict

import psycopg

from app.db.jobs import CHANNEL

log = logging.getLogger(__name__)
RECONNECT_AFTER = 1.0  # seconds
LOOK_UP_EVERY = 1.0  # seconds, to see whether it is to stop


class JobWatcher:
    """Wakes threads when the job that they wait for ends.

    A wake-up is a hint: the waiter reads the job again, before it waits and after.

    Args:
        database_url: `postgresql://…`, without a driver.
    """

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._waiters: dict[uuid.UUID, set[threading.Event]] = defaultdict(set)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._listening = threading.Event()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Ends the listening within a second; whoever waits is not woken any more."""
        self._stopped.set()

    def subscribe(self, job_id: uuid.UUID) -> threading.Event:
        """An event that is set when the job ends from now on; hand it back to `unsubscribe`."""
        self._start()
        self._listening.wait(timeout=RECONNECT_AFTER)
        event = threading.Event()
        with self._lock:
            self._waiters[job_id].add(event)
        return event

    def unsubscribe(self, job_id: uuid.UUID, event: threading.Event) -> None:
        """Forgets an event."""
        with self._lock:
            self._waiters[job_id].discard(event)
            if not self._waiters[job_id]:
                del self._waiters[job_id]

    def _start(self) -> None:
        # On first use, not when constructed: a server that forks its workers would lose the thread.
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen_for_ever, name="job-watcher", daemon=True)
                self._thread.start()

    def _listen_for_ever(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                self._listening.clear()
                log.warning("Lost the connection that listens for finished jobs: %s", type(error).__name__)
                time.sleep(RECONNECT_AFTER)

    def _listen(self) -> None:
        with psycopg.connect(self._database_url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._listening.set()
            while not self._stopped.is_set():
                for notification in connection.notifies(timeout=LOOK_UP_EVERY):
                    self._wake(notification.payload)

    def _wake(self, payload: str) -> None:
        try:
            job_id = uuid.UUID(payload)
        except ValueError:
            return  # anybody who may connect can notify; only jobs concern us
        with self._lock:
            for event in self._waiters.get(job_id, ()):
                event.set()
