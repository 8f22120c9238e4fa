"""Whatever is killed, held up or wiped while products come in and are reindexed: none is lost, none is doubled, and
every job ends.

The short form has each accident once. `make chaos` has many of them, and prints how long each took to be got over.
"""

import io
import json
import math
import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from PIL import Image

from app.client import Client, Document, ImportOptions, Job, with_media
from app.errors import ApiProblem, ServerUnreachable
from app.media.store import MediaStore
from app.removal.collecting import OUTPUTS
from app.sample.speech import synthesise
from app.types import JobState
from tests.chaos.stack import Running, running_stack
from workers.bench.bent import bent

LONG = bool(os.environ.get("CHAOS_LONG"))
PRODUCTS = int(os.environ.get("CHAOS_PRODUCTS", "2000" if LONG else "300"))
ACCIDENTS = int(os.environ.get("CHAOS_ACCIDENTS", "200" if LONG else "13"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
LEASE = 4  # seconds
SINGLE = 20  # products that come one by one meanwhile
PATIENCE = 90 + 12 * ACCIDENTS  # seconds
BEFORE = PRODUCTS // 4  # products of an import that can be found before a reindex begins
SPOKEN = 20  # one product in so many has a recording


@dataclass
class Log:
    """What happened."""

    accidents: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # until products came on again

    def tell(self, kind: str) -> None:
        """Prints what is done next."""
        print(f"{time.strftime('%H:%M:%S')} {kind}", flush=True)

    def report(self) -> str:
        """A line for each kind of accident."""
        lines = [
            f"{count:4} x {kind}: {max(self.seconds[kind], default=0):.1f} s at most until products came on again"
            for kind, count in sorted(self.accidents.items())
        ]
        return "\n".join(lines)


def _product(number: int) -> Document:
    pixels = np.random.default_rng(number).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).resize((96, 96)).save(file, "PNG")
    speech = [synthesise(f"number {number}", voice="en-us")] if number % SPOKEN == 0 else []
    product = {"sku": f"p{number}", "title": f"Article number {number}", "attributes": {"number": number}}
    return with_media(product, images=[file.getvalue()], speech=speech)


def _insistently(work: Callable[[], Any], until: float) -> Any:
    """What a client does whose server is away for a moment: asks again."""
    while True:
        try:
            return work()
        except (ServerUnreachable, ApiProblem) as error:
            is_passing = isinstance(error, ServerUnreachable) or error.status in (502, 503, 507)
            if not is_passing or time.monotonic() > until:
                raise
            time.sleep(0.3)


def _followed(client: Client, job: Job, until: float, enough: float = math.inf) -> Job:
    """The job at its end, or once so much of it is done. Its progress only goes forward."""
    while not job.state.is_final and job.progress.done < enough:
        assert time.monotonic() < until, f"still {job.state}: {job.progress}"
        time.sleep(0.2)
        before, job = job, _insistently(lambda own=job.id: client.job(own), until)
        assert job.progress.done >= before.progress.done
        assert job.progress.failed >= before.progress.failed
    return job


def _embedded(running: Running) -> int:
    """How many products can be found; -1 while nobody can tell."""
    try:
        with psycopg.connect(running.database_url, connect_timeout=2) as database:
            counted = database.execute("SELECT count(*) FROM products WHERE embedded_version = version").fetchone()
            return int(counted[0]) if counted else -1
    except psycopg.Error:
        return -1


def _seconds_until_more(running: Running, ended: threading.Event) -> float:
    """How long it takes until a product can be found that could not before."""
    since, before = time.monotonic(), -1
    while not ended.wait(0.2):
        now = _embedded(running)
        if now > before >= 0:
            break
        before = max(before, now)
    return time.monotonic() - since


def _order() -> Iterator[int]:
    """Each kind of accident as often as every other, in an order that the seed says."""
    order = list(range(ACCIDENTS))
    random.Random(SEED).shuffle(order)
    return iter(order)


def _cause_accidents(running: Running, order: Iterator[int], log: Log, ended: threading.Event) -> None:
    chance, kinds = random.Random(SEED), list(running.faults.kinds)
    while not ended.wait(chance.uniform(0.3, 2.0)):
        number = next(order, None)
        if number is None:
            return
        kind = kinds[number % len(kinds)]
        log.tell(kind)
        running.faults.kinds[kind]()
        log.accidents[kind] += 1
        log.seconds[kind].append(_seconds_until_more(running, ended))


@pytest.mark.slow
@pytest.mark.timeout(PATIENCE + 300)
def test_nothing_is_lost_or_doubled_whatever_is_killed(tmp_path: Path) -> None:
    """Round after round of new products and of a new space, until every accident has happened."""
    log, order, until, count = Log(), _order(), time.monotonic() + PATIENCE, 0
    with running_stack(tmp_path, LEASE) as running, Client(running.url, running.key) as client:
        while log.accidents.total() < ACCIDENTS:
            ended = threading.Event()
            chaos = threading.Thread(target=_cause_accidents, args=(running, order, log, ended))
            chaos.start()
            try:
                space = _bring_in(client, count, tmp_path, until)
            finally:
                ended.set()
                chaos.join()
            count += PRODUCTS + SINGLE
            _retire_others(client, running, space, until)
            _check_database(running, count, space)
            _check_media(running)
            _check_searches(client, count, until)
    print(f"\n{log.accidents.total()} accidents among {count} products\n{log.report()}")


def _bring_in(client: Client, first: int, folder: Path, until: float) -> int:
    """An import and, beside it, products one by one and a reindex; the space of this, once all can be found in it."""
    made = bent(folder / f"alignment-{first}", seed=first)
    alignment = _insistently(lambda: client.upload_alignment(made), until)
    numbers = range(first, first + PRODUCTS)
    lines = "".join(json.dumps(_product(number)) + "\n" for number in numbers).encode()
    options = ImportOptions(format="ndjson")
    job = _insistently(lambda: client.import_file("shop", [lines], options, name=f"from {first}"), until)
    singly = _put_singly(client, range(numbers.stop, numbers.stop + SINGLE), until)
    job = _followed(client, job, until, BEFORE)
    reindex = _insistently(lambda: client.reindex(alignment=alignment), until)
    job = _followed(client, job, until)
    for each in (*singly, reindex):
        assert _followed(client, each, until).state is JobState.SUCCEEDED
    space = int(_insistently(lambda: client.job(reindex.id), until).answer()["space"])
    _insistently(lambda: client.activate_space(space), until)
    assert (job.state, job.progress.done, job.progress.failed) == (JobState.SUCCEEDED, PRODUCTS, 0)
    return space


def _retire_others(client: Client, running: Running, space: int, until: float) -> None:
    """Returns once nothing is left of the spaces that were active before."""
    for other in _insistently(client.spaces, until):
        if other["id"] != space and other["state"] != "retired":
            _insistently(lambda own=other["id"]: client.retire_space(own), until)
    with psycopg.connect(running.database_url, autocommit=True) as database:
        left = "SELECT count(*) FROM embeddings WHERE space_id <> %s"
        while database.execute(left, [space]).fetchone() != (0,):
            assert time.monotonic() < until, "vectors of retired spaces are left"
            time.sleep(0.2)


def _put_singly(client: Client, numbers: range, until: float) -> list[Job]:
    jobs = []
    for number in numbers:
        product = _product(number)
        jobs.append(Job.of(_insistently(lambda own=product: client.put_product("shop", own), until)))
    return jobs


def _check_database(running: Running, count: int, space: int) -> None:
    with psycopg.connect(running.database_url) as database:

        def rows(statement: str) -> list[Any]:
            return database.execute(statement).fetchall()

        assert rows("SELECT count(*), count(DISTINCT sku) FROM products") == [(count, count)]
        assert rows("SELECT sku FROM products WHERE embedded_version <> version OR failed_version > 0") == []
        spoken = len(range(0, count, SPOKEN))
        sets = rows("SELECT space_id, modality, ordinal, count(DISTINCT product_id) FROM embeddings GROUP BY 1, 2, 3")
        texts = [(space, "text", ordinal, count) for ordinal in (0, 1)]  # a title, and all that is said
        assert sorted(sets) == [(space, "image", 0, count), (space, "speech", 0, spoken), *texts]
        assert rows("SELECT id, kind FROM jobs WHERE state IN ('queued', 'running')") == []
        assert rows("SELECT id, kind, state FROM jobs WHERE done + failed <> total") == []
        assert rows("SELECT id FROM outbox") == []


def _check_media(running: Running) -> None:
    """Everything in the store belongs to something, once what was left half written is swept away."""
    MediaStore(str(running.media)).remove_partial(0)
    with psycopg.connect(running.database_url) as database:
        known = {digest for (digest,) in database.execute("SELECT digest FROM media")}
        used = {digest for (digest,) in database.execute("SELECT digest FROM product_media")}
        used |= {digest for (digest,) in database.execute("SELECT request ->> 'file' FROM jobs WHERE kind = 'import'")}
        used |= {digest for (digest,) in database.execute("SELECT artifact FROM embedding_spaces")}
        embedded = {digest for (digest,) in database.execute("SELECT digest FROM embeddings")}
    files = {path for path in running.media.rglob("*") if path.is_file()}
    outputs = {path for path in files if path.is_relative_to(running.media / OUTPUTS)}
    assert {path.name for path in files - outputs} == known == used
    assert {path.name for path in outputs} <= embedded


def _check_searches(client: Client, count: int, until: float) -> None:
    for number in range(0, count, max(1, count // 20)):
        found = _insistently(lambda own=number: client.search("shop", text=f"p{own}"), until)
        skus = [hit["sku"] for hit in found["hits"]]
        assert skus[0] == f"p{number}"
        assert len(skus) == len(set(skus))
        assert found["total"] == count
