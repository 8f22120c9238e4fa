"""Everything is restarted in an orderly way under load: no request fails, and none is done twice."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from app.client import Client, ImportOptions
from app.types import JobState
from tests.chaos.faults import WEB, WORKERS
from tests.chaos.stack import Running, running_stack

LEASE = 30  # seconds: nothing may have to wait until one is over
WRITERS, SEARCHERS = 3, 3
IMPORTED = 400
PATIENCE = 60.0  # seconds for a worker to be back


@dataclass
class Load:
    """What was asked for, and how it went."""

    jobs: list[str] = field(default_factory=list)  # of products
    searches: int = 0
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0  # seconds of a search


@contextmanager
def _under_load(running: Running) -> Iterator[Load]:
    load, ended = Load(), threading.Event()

    def repeat(work: Callable[[Client, int], None]) -> None:
        with Client(running.url, running.key) as client:
            number = 0
            while not ended.wait(0.1):
                try:
                    work(client, number)
                except Exception as error:  # noqa: BLE001  each is to be told of
                    load.failures.append(repr(error))
                number += 1

    def write(writer: int) -> Callable[[Client, int], None]:
        def work(client: Client, number: int) -> None:
            product = {"sku": f"w{writer}-{number}", "title": f"Article {number} of {writer}"}
            load.jobs.append(client.add_product("shop", product)["job"]["id"])

        return work

    def search(client: Client, number: int) -> None:
        started = time.monotonic()
        assert client.search("shop", text=f"article {number}")["total"] >= 0
        load.searches += 1
        load.slowest = max(load.slowest, time.monotonic() - started)

    works = [*map(write, range(WRITERS)), *[search] * SEARCHERS]
    threads = [threading.Thread(target=repeat, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _restart(running: Running, sign: str) -> None:
    gone = running.faults.tell(sign, signal.SIGTERM)
    until = time.monotonic() + PATIENCE
    while not running.faults.is_running(sign, beside=gone):
        assert time.monotonic() < until, f"{sign} is not back"
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_rolling_restart_loses_no_request_and_doubles_none(tmp_path: Path) -> None:
    with running_stack(tmp_path, LEASE) as running, Client(running.url, running.key) as client:
        client.wait(client.add_product("shop", {"sku": "first", "title": "Article"})["job"]["id"])
        lines = b"".join(
            f'{{"sku": "i{number}", "title": "Imported {number}"}}\n'.encode() for number in range(IMPORTED)
        )
        with _under_load(running) as load:
            imported = client.import_file("shop", [lines], ImportOptions(format="ndjson"))
            for sign in WORKERS.values():
                _restart(running, sign)
                running.faults.tell(WEB, signal.SIGHUP)  # starts new processes, and ends the old ones
                time.sleep(3)
        assert load.failures == []
        ended = [client.wait(job_id) for job_id in [*load.jobs, imported.id]]
        assert {job.state for job in ended} == {JobState.SUCCEEDED}
        assert client.wait(imported.id).progress.done == IMPORTED
        with psycopg.connect(running.database_url) as database:
            products = 1 + len(load.jobs) + IMPORTED
            counted = database.execute("SELECT count(*), min(version), max(version), max(attempts) FROM products")
            assert counted.fetchone() == (products, 1, 1, 1)  # nothing was written or tried twice
            made = database.execute("SELECT kind, count(*) FROM jobs GROUP BY kind")
            assert dict(made.fetchall()) == {"embed": 1 + len(load.jobs), "import": 1, "search": load.searches}
    print(f"\n{len(load.jobs)} products, {load.searches} searches, the slowest {load.slowest:.1f} s")
