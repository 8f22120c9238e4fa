"""`triseek bench reindex`: how fast another space is built, and whether searches feel it."""

import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from app.client import Client
from app.local.stack import Stack
from workers.bench.bent import bent
from workers.bench.ingest import ingest, p95, search_times, searching, watching_memory
from workers.bench.ingest_sample import Kind, offers
from workers.bench.reindex import CLIENTS, Reindexed, reindexed, searched_by_many
from workers.bench.steps import alone_by_kind, bar
from workers.cli.options import OUTPUT_FILE, progress_bar
from workers.indexing.pace import SEARCHED

QUIET = 60.0  # seconds in which searches are timed while nothing else goes on: clients fall in and out of step
IDLE = 40  # searches for the same, one after another


@dataclass(frozen=True, kw_only=True)
class UnderLoad:
    """A reindex of all products while clients search at a steady rate."""

    products: int
    seconds: float
    searches: int
    failed: int
    idle_p95: float  # ms
    backfill_p95: float  # ms
    rollback_ms: float
    first_search_ms: float  # after the rollback
    weights_mb: float  # of both spaces
    query_mb: float  # that the query worker's processes have for themselves at most
    embed_mb: float  # the same of the embed worker, with what decodes media


@click.command("bench-reindex")
@click.option("--products", type=click.IntRange(50), default=400, show_default=True, help="How many of each kind.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice([str(kind) for kind in Kind]),
    multiple=True,
    default=[str(kind) for kind in Kind],
    help="What products have; all three kinds unless told.",
)
@click.option("--many", type=click.IntRange(50), default=20_000, show_default=True, help="How many under load.")
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Write what was measured to this file.")
def bench_reindex(products: int, kinds: tuple[str, ...], many: int, json_file: Path | None) -> None:
    """Build spaces of products of texts, of texts and pictures, and of these and voices, on a stack of its own.

    Each catalogue is embedded anew where it is, then by another alignment from what its encoders gave before. At last
    many products of texts are reindexed while clients search at a steady rate, and the space is gone back from.
    """
    console, chosen = Console(), [Kind(kind) for kind in kinds]
    with progress_bar(console) as progress, tempfile.TemporaryDirectory() as folder:
        alone = alone_by_kind(chosen, products, progress)
        other = bent(Path(folder) / "alignment")
        with Stack(Path(folder) / "stack") as stack, Client(stack.url, stack.key) as client:
            alignment = client.upload_alignment(other)
            measured = [_measured(client, kind, products, alone[kind], alignment, progress) for kind in chosen]
            loaded = _under_load(stack, client, many, alignment, progress)
    console.print(_speeds(measured))
    console.print(_load(loaded))
    if json_file is not None:
        rows = [asdict(each) | {"efficiency": each.efficiency, "speedup": each.speedup} for each in measured]
        document = {"reindexes": rows, "under_load": asdict(loaded)}
        json_file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _measured(client: Client, kind: Kind, count: int, alone: float, alignment: str, progress: Progress) -> Reindexed:
    name = kind.value.replace(", ", "-")
    ingest(client, name, offers(kind, count), bar(progress, kind))
    idle = search_times(client, name, IDLE)
    time.sleep(SEARCHED)
    anew, _ = reindexed(client, bar(progress, f"{kind}, anew"), catalogue=name)
    with searching(client, name) as searched:
        reindexed(client, bar(progress, f"{kind}, anew, and searches"), catalogue=name)
    time.sleep(SEARCHED)  # or it would rest as if there were searches still
    kept, job = reindexed(client, bar(progress, f"{kind}, kept"), catalogue=name, alignment=alignment)
    client.retire_space(job.answer()["space"])
    return Reindexed(
        kind=kind,
        products=count,
        alone=alone,
        anew=count / anew,
        kept=count / kept,
        idle_p95=p95(idle),
        anew_p95=p95(searched.times),
        failed=searched.failed,
    )


def _under_load(stack: Stack, client: Client, count: int, alignment: str, progress: Progress) -> UnderLoad:
    ingest(client, "many", offers(Kind.TEXT, count), bar(progress, f"{count} of texts"))
    with searched_by_many(stack.url, stack.key, "many") as quiet:
        time.sleep(QUIET)
    with watching_memory() as memory, searched_by_many(stack.url, stack.key, "many") as searched:
        seconds, job = reindexed(client, bar(progress, f"{count}, under load"), alignment=alignment)
        backfill = list(searched.times)
        client.activate_space(job.answer()["space"])
        time.sleep(5)
        started = time.perf_counter()
        client.roll_back()
        rolled_back = time.perf_counter()
        client.search("many", text="something for the garden")
        searched_again = time.perf_counter()
    plan: Mapping[str, float] = job.answer()["plan"]
    return UnderLoad(
        products=count,
        seconds=seconds,
        searches=len(searched.times),
        failed=searched.failed + quiet.failed,
        idle_p95=p95(quiet.times),
        backfill_p95=p95(backfill),
        rollback_ms=1000 * (rolled_back - started),
        first_search_ms=1000 * (searched_again - rolled_back),
        weights_mb=2 * plan["weights_mb"] - plan["shared_weights_mb"],
        query_mb=memory.peak_mb["query"],
        embed_mb=memory.peak_mb["embed"],
    )


def _speeds(measured: list[Reindexed]) -> Table:
    table = Table(
        "a second", "alone", "anew", "ratio", "kept", "faster", "p95 idle", "anew", box=SIMPLE, pad_edge=False
    )
    for each in measured:
        speeds = (f"{each.alone:.1f}", f"{each.anew:.1f}", f"{each.efficiency:.2f}")
        kept = (f"{each.kept:.0f}", f"{each.speedup:.1f} x")
        table.add_row(each.kind, *speeds, *kept, f"{each.idle_p95:.0f} ms", f"{each.anew_p95:.0f} ms")
    table.caption = "kept: by another alignment, from what encoders gave before"
    return table


def _load(loaded: UnderLoad) -> Table:
    table = Table("under load", "", box=SIMPLE, pad_edge=False)
    table.add_row(f"{loaded.products} products reindexed in", f"{loaded.seconds:.0f} s")
    table.add_row(f"searches by {CLIENTS} clients", f"{loaded.searches}, {loaded.failed} failed")
    table.add_row("p95 of a search, idle / meanwhile", f"{loaded.idle_p95:.0f} / {loaded.backfill_p95:.0f} ms")
    table.add_row("rollback / first search after it", f"{loaded.rollback_ms:.0f} / {loaded.first_search_ms:.0f} ms")
    table.add_row("weights of both spaces", f"{loaded.weights_mb:.0f} MB")
    table.add_row("query worker / embed worker, at most", f"{loaded.query_mb:.0f} / {loaded.embed_mb:.0f} MB")
    return table
