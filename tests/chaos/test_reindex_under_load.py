"""The alignment is changed under load: no search fails, none mixes spaces, no product that was taken is missing."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from app.cli.main import triseek
from app.client import Client, ImportOptions, SearchOptions
from app.types import JobState
from tests.chaos.stack import Running, running_stack
from workers.bench.bent import bent

LEASE = 30  # seconds
SEARCHERS, EVERY = 8, 0.5  # clients, and seconds between two searches of one
WRITERS = 2
THERE = 1_400  # products before
GONE = 50  # of these, deleted meanwhile
FIXED = 200  # the last of these, which stay as they are
QUERIES = [f"article {THERE - number}" for number in range(1, 6)]
EXACTLY = 1e-4  # cosines of one search in one space, asked twice


@dataclass
class Load:
    """What was asked for, and how it went."""

    taken: list[str] = field(default_factory=list)  # SKUs that the server has accepted
    deleted: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # of searches
    found: list[tuple[int, str, dict[str, float]]] = field(default_factory=list)  # space, query, cosine by SKU
    failures: list[str] = field(default_factory=list)


@contextmanager
def _under_load(running: Running) -> Iterator[Load]:
    load, ended = Load(), threading.Event()

    def repeat(work: Callable[[Client, int], None], every: float) -> None:
        with Client(running.url, running.key) as client:
            number = 0
            while not ended.wait(every):
                try:
                    work(client, number)
                except Exception as error:  # noqa: BLE001  each is to be told of
                    load.failures.append(repr(error))
                number += 1

    def search(client: Client, number: int) -> None:
        started = time.monotonic()
        load.found.append(_found(client, QUERIES[number % len(QUERIES)]))
        load.seconds.append(time.monotonic() - started)

    def write(writer: int) -> Callable[[Client, int], None]:
        def work(client: Client, number: int) -> None:
            sku = f"w{writer}-{number}"
            client.add_product("shop", {"sku": sku, "title": f"Article {number} of {writer}"})
            load.taken.append(sku)

        return work

    def delete(client: Client, number: int) -> None:
        if number < GONE:
            client.delete_product("shop", f"p{number}")
            load.deleted.append(f"p{number}")

    works = [(search, EVERY)] * SEARCHERS + [(write(number), 0.3) for number in range(WRITERS)] + [(delete, 0.2)]
    threads = [threading.Thread(target=repeat, args=work) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _found(client: Client, query: str) -> tuple[int, str, dict[str, float]]:
    """What a search finds among the products that stay: the space that answered, and their cosines."""
    found = client.search("shop", text=query, options=SearchOptions(where="fixed = true", limit=FIXED))
    return found["space"], query, {hit["sku"]: hit["cosine"] for hit in found["hits"]}


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_reindex_under_load_drops_no_search_and_no_product(tmp_path: Path) -> None:
    with running_stack(tmp_path, LEASE) as running, Client(running.url, running.key) as client:
        client.wait(client.import_file("shop", map(_line, range(THERE)), ImportOptions(format="ndjson")).id)
        alignment = client.upload_alignment(bent(tmp_path / "bent", by=0.2))
        answers = {each[:2]: each[2] for each in (_found(client, query) for query in QUERIES)}
        with _under_load(running) as load:
            time.sleep(3)
            job = client.wait(client.reindex(alignment=alignment).id)
            assert job.state is JobState.SUCCEEDED, job.error
            new = job.answer()["space"]
            accepted, gone = list(load.taken), list(load.deleted)
            client.activate_space(new)
            answers |= {each[:2]: each[2] for each in (_found(client, query) for query in QUERIES)}
            missing = _missing(client, running, new, accepted, gone)
            time.sleep(3)
            started = time.monotonic()
            old = client.roll_back()["id"]
            rolled_back = time.monotonic() - started
            assert _found(client, QUERIES[0])[0] == old
            in_all = time.monotonic() - started
            time.sleep(3)
        assert load.failures == []
        assert missing == set()
        assert len(answers) == 2 * len(QUERIES)
        assert all(_differ(answers[old, query], answers[new, query]) for query in QUERIES)
        mixed = [each for each in load.found if _differ(each[2], answers[each[:2]])]
        assert mixed == []
        assert {space for space, *_ in load.found} == {old, new}
        assert load.found[-1][0] == old
        assert rolled_back <= 1
        _reindexed_from_a_shell(running, tmp_path)
        print(
            f"\n{len(load.found)} searches, the slowest {max(load.seconds):.2f} s; {len(load.taken)} products taken,"
            f" {len(load.deleted)} deleted; rollback {rolled_back:.3f} s, with the first search {in_all:.3f} s"
        )


def _reindexed_from_a_shell(running: Running, folder: Path) -> None:
    """The same by one command, which compares both spaces, then once more where the new one is worse."""
    server = ["--url", running.url, "--key", running.key]
    page = folder / "comparison.html"
    harmless, harmful = bent(folder / "harmless", by=0.001), bent(folder / "harmful", by=50.0)
    asked = ["reindex", "--alignment", str(harmless), "--yes", "--page", str(page), *server]
    result = CliRunner().invoke(triseek, asked)
    assert result.exit_code == 0, result.output
    assert "answers searches now" in result.output
    assert "overlap@10" in page.read_text()
    judged = folder / "judged"
    judged.mkdir()
    rows = [{"id": str(n), "modality": "text", "text": f"Article {n}", "relevant": [f"p{n}"]} for n in range(100, 300)]
    (judged / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked = ["reindex", "--alignment", str(harmful), "--json", "--verify", str(judged), "--judged-in", "shop", *server]
    result = CliRunner().invoke(triseek, asked)
    assert result.exit_code == 1, result.output
    report = json.loads(result.stdout)
    assert (report["activated"], report["comparison"]["is_ready"]) == (False, False)
    assert any("it finds less" in reason for reason in report["comparison"]["reasons"])


def _line(number: int) -> bytes:
    product = {"sku": f"p{number}", "title": f"Article {number}"}
    fixed = {"attributes": {"fixed": True}} if number >= THERE - FIXED else {}
    return json.dumps(product | fixed).encode() + b"\n"


def _differ(one: dict[str, float], other: dict[str, float]) -> bool:
    """Whether two answers are of different spaces: each has the same products, at other cosines."""
    assert len(one) == len(other) == FIXED
    return any(abs(one[sku] - other[sku]) > EXACTLY for sku in one)


def _missing(client: Client, running: Running, space_id: int, taken: list[str], gone: list[str]) -> set[str]:
    """Of what was accepted before the activation, what is not in the space once it is embedded."""
    for job in client.jobs():
        if job.kind == "embed" and not job.state.is_final:
            client.wait(job.id)
    with psycopg.connect(running.database_url) as database:
        found = database.execute(
            "SELECT DISTINCT sku FROM products JOIN embeddings ON product_id = products.id AND space_id = %s",
            [space_id],
        )
        there = {sku for (sku,) in found}
    wanted = {*taken, *(f"p{number}" for number in range(GONE, THERE))} - set(gone)
    return wanted - there
