"""Measures reindexes: beside the encoders alone, from kept outputs, and what they do to searches and memory."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.client import Client, Job
from app.errors import TriseekError
from app.types import Modality
from workers.bench.ingest import Report, Watched
from workers.bench.ingest_sample import Kind

CLIENTS, EVERY = 8, 1.0  # that search all the while, and seconds between two searches of each


@dataclass(frozen=True, kw_only=True)
class Reindexed:
    """Reindexes of one catalogue."""

    kind: Kind
    products: int
    alone: float  # products a second of the encoders alone, in one process, the bytes in memory
    anew: float  # products a second that a reindex embeds anew, from its request until it is done
    kept: float  # the same from what encoders gave before
    idle_p95: float  # ms of a search before
    anew_p95: float  # ms of a search while products are embedded anew
    failed: int  # searches

    @property
    def efficiency(self) -> float:
        """Anew over alone."""
        return self.anew / self.alone

    @property
    def speedup(self) -> float:
        """From kept outputs over anew."""
        return self.kept / self.anew


def reindexed(client: Client, report: Report, **asked: str | Modality | None) -> tuple[float, Job]:
    """Runs a reindex to its end; how many seconds it took, and its job.

    Raises:
        ApiProblem: it failed.
    """
    started = time.perf_counter()
    job = client.reindex(**asked)  # type: ignore[arg-type]  # names of its own
    for seen in client.follow(job.id, every=0.1):
        report(seen)
        job = seen
    seconds = time.perf_counter() - started
    job.answer()
    return seconds, job


@contextmanager
def searched_by_many(url: str, key: str, catalogue: str) -> Iterator[Watched]:
    """Eight clients search at a steady rate all the while that the block runs."""
    seen, ended, lock = Watched(), threading.Event(), threading.Lock()

    def work(number: int) -> None:
        with Client(url, key) as client:
            while not ended.wait(EVERY):
                started = time.perf_counter()
                try:
                    client.search(catalogue, text=f"something for the garden {number}")
                except TriseekError:
                    with lock:
                        seen.failed += 1
                with lock:
                    seen.times.append(1000 * (time.perf_counter() - started))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        ended.set()
        for thread in threads:
            thread.join()
