"""`triseek bench query`: how long searches take over HTTP, beside the same pipeline in one process."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from app.cli.demo_upload import upload
from app.client import Client
from app.local.stack import Stack
from app.sample.sets import DemoSet, sample_set
from workers.bench.query import KINDS, Alone, Measured, OverHttp, Queries, at_once, beside, settings_of
from workers.cli.options import OUTPUT_FILE, progress_bar

CLIENTS = (4, 16, 64)
WARMING = 5  # queries of each kind before anything is measured
BATCHED = 16  # clients by which searches that are answered together are compared with those that are not
ALLOWED = 1.3, 8.0  # of the time in one process, and milliseconds beside it


@click.command("query")
@click.option("--queries", type=click.IntRange(5), default=60, show_default=True, help="Of each kind by one client.")
@click.option("--seconds", type=click.IntRange(1), default=10, show_default=True, help="For each number of clients.")
@click.option(
    "--kind", "kinds", type=click.Choice(list(KINDS)), multiple=True, default=list(KINDS), help="All unless told."
)
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Write what was measured to this file.")
def bench_query(queries: int, seconds: int, kinds: tuple[str, ...], json_file: Path | None) -> None:
    """Search the sample catalogue by text, picture, voice and all three, by 1, 4, 16 and 64 clients, on its own stack.

    By one client, searches over HTTP take turns with the same pipeline in this process: no HTTP, no queue, no rows of
    jobs. No query comes twice. At the end, as many are asked of a worker that takes one at a time.
    """
    console, chosen = Console(), sample_set()
    with progress_bar(console) as progress, tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with _stack(folder, chosen, console, batch=None) as http:
            inside, outside = _by_one(Alone(settings_of(folder), chosen.name), http, chosen, kinds, queries, progress)
            many = list(_by_many(http, chosen, kinds, CLIENTS, seconds, progress))
        single = None
        if "text" in kinds:
            with _stack(folder, chosen, console, batch=1) as http:
                (single,) = _by_many(http, chosen, ["text"], [BATCHED], seconds, progress)
    console.print(_beside(inside, outside))
    console.print(_loads([*outside, *many]))
    document: dict[str, Any] = {"searches": [each.document() for each in (*inside, *outside, *many)]}
    if single is not None:
        together = next(each for each in many if (each.kind, each.clients) == ("text", BATCHED))
        ratio = together.a_second / single.a_second
        document |= {"one_at_a_time": single.document(), "batched_ratio": round(ratio, 3)}
        console.print(
            f"Text by {BATCHED} clients: {together.a_second:.1f} a second, one at a time"
            f" {single.a_second:.1f}: {ratio:.2f} times as many"
        )
    if json_file is not None:
        json_file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


@contextmanager
def _stack(folder: Path, chosen: DemoSet, console: Console, batch: int | None) -> Iterator[OverHttp]:
    """The stack on a folder, with the sample catalogue; its query worker takes so many searches at once."""
    os.environ.pop("TRISEEK_QUERY_BATCH", None)
    if batch is not None:
        os.environ["TRISEEK_QUERY_BATCH"] = str(batch)
    with Stack(folder) as stack, Client(stack.url, stack.key) as client:
        upload(client, chosen, console)
        http = OverHttp(stack.url, stack.key, chosen.name)
        yield http
        http.close()


def _by_one(
    alone: Alone, http: OverHttp, chosen: DemoSet, kinds: Sequence[str], count: int, progress: Progress
) -> tuple[list[Measured], list[Measured]]:
    inside, outside = [], []
    for kind in kinds:
        task = progress.add_task(f"{kind}, one client", total=None)
        asked = Queries(kind, chosen.queries)
        beside(alone, http, asked, WARMING)
        own = beside(alone, http, asked, count)
        inside.append(own[0])
        outside.append(own[1])
        progress.remove_task(task)
    return inside, outside


def _by_many(
    http: OverHttp,
    chosen: DemoSet,
    kinds: Sequence[str],
    clients: Sequence[int],
    seconds: int,
    progress: Progress,
) -> Iterator[Measured]:
    for kind in kinds:
        asked = Queries(kind, chosen.queries)
        at_once(http, asked, 1, 1)
        for number in clients:
            task = progress.add_task(f"{kind}, {number} clients", total=None)
            yield at_once(http, asked, number, seconds)
            progress.remove_task(task)


def _beside(inside: Sequence[Measured], outside: Sequence[Measured]) -> Table:
    table = Table("ms", "in one process", "over HTTP", "at most", "ratio", box=SIMPLE, pad_edge=False)
    for alone, http in zip(inside, outside, strict=True):
        own, end_to_end = alone.percentile(50), http.percentile(50)
        most = ALLOWED[0] * own + ALLOWED[1]
        table.add_row(alone.kind, f"{own:.0f}", f"{end_to_end:.0f}", f"{most:.0f}", f"{end_to_end / own:.2f}")
    table.caption = f"p50 by one client; at most: {ALLOWED[0]} times that of one process, and {ALLOWED[1]:.0f} ms"
    return table


def _loads(measured: Sequence[Measured]) -> Table:
    table = Table("query", "clients", "p50", "p95", "p99", "a second", "refused", "failed", box=SIMPLE, pad_edge=False)
    for each in sorted(measured, key=lambda own: (list(KINDS).index(own.kind), own.clients)):
        times = (f"{each.percentile(share):.0f}" for share in (50, 95, 99))
        counts = str(each.refused), str(each.failed)
        table.add_row(each.kind, str(each.clients), *times, f"{each.a_second:.1f}", *counts)
    table.caption = "p50, p95, p99: ms from the request to the answer"
    return table
