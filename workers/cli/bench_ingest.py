"""`triseek bench ingest`: how fast products can be found after their upload, beside the encoders alone."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from app.client import Client
from app.local.stack import Stack
from workers.bench.ingest import (
    PARTS,
    SEARCHES,
    Ingested,
    ingest,
    is_unchanged,
    p95,
    search_times,
    searching,
    upload,
    watching_memory,
)
from workers.bench.ingest_sample import Kind, offers
from workers.bench.steps import alone_by_kind, bar
from workers.cli.options import OUTPUT_FILE, progress_bar

IDLE = "idle"  # a catalogue to search in


@click.command("bench-ingest")
@click.option("--products", type=click.IntRange(20), default=400, show_default=True, help="How many of each kind.")
@click.option("--again", type=click.IntRange(1), default=2_000, show_default=True, help="How many come unchanged.")
@click.option("--upload-mb", type=click.IntRange(1), default=1_024, show_default=True, help="How large a file is sent.")
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Write what was measured to this file.")
def bench_ingest(products: int, again: int, upload_mb: int, json_file: Path | None) -> None:
    """Upload products of texts, of texts and pictures, and of these and voices, to a stack of its own.

    The encoders alone take the same contents in one process with a worker's threads. An unchanged catalogue is
    uploaded again at the end.
    """
    console = Console()
    with progress_bar(console) as progress:
        alone = alone_by_kind(list(Kind), products, progress)
        with (
            tempfile.TemporaryDirectory() as folder,
            Stack(Path(folder)) as stack,
            Client(stack.url, stack.key) as client,
        ):
            ingest(client, IDLE, offers(Kind.TEXT, 100), bar(progress, "warming up"))
            measured = [_measured(client, kind, products, alone[kind], progress) for kind in Kind]
            first, second = _again(client, again, progress)
            speed, grown = upload(client, "large", upload_mb)
    console.print(_speeds(measured))
    console.print(_memory(measured))
    console.print(f"{again} products of texts: {first:.0f} a second; the same again: {second:.0f} a second, 0 encoded.")
    console.print(f"{upload_mb} MB sent at {speed:.0f} MB a second: the web process grew by {grown['web']:.1f} MB.")
    if json_file is not None:
        rows = [asdict(each) | {"efficiency": each.efficiency} for each in measured]
        document = {"ingests": rows, "again": {"products": again, "first": first, "unchanged": second}}
        document["upload"] = {"megabytes": upload_mb, "a_second": speed, "grown_mb": grown}
        json_file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _measured(client: Client, kind: Kind, count: int, alone: float, progress: Progress) -> Ingested:
    chosen = offers(kind, count)
    idle = search_times(client, IDLE, SEARCHES)
    name = kind.value.replace(", ", "-")
    with watching_memory() as memory:
        end_to_end, _ = ingest(client, name, chosen, bar(progress, kind))
    with searching(client, IDLE) as searched:
        ingest(client, f"{name}-searched", chosen, bar(progress, f"{kind}, and searches"))
    return Ingested(
        kind=kind,
        products=count,
        alone=alone,
        end_to_end=end_to_end,
        idle_p95=p95(idle),
        busy_p95=p95(searched.times),
        peak_mb={part: round(size, 1) for part, size in sorted(memory.peak_mb.items())},
    )


def _again(client: Client, count: int, progress: Progress) -> tuple[float, float]:
    """Products a second of a first upload, and of the same one again.

    Raises:
        click.ClickException: something was encoded the second time.
    """
    chosen = offers(Kind.TEXT, count)
    first, _ = ingest(client, "again", chosen, bar(progress, "first"))
    second, job = ingest(client, "again", chosen, bar(progress, "unchanged"))
    if not is_unchanged(job):
        raise click.ClickException(f"{job.document['progress']['encoded']} contents were encoded again.")
    return first, second


def _speeds(measured: list[Ingested]) -> Table:
    table = Table("a second", "alone", "end to end", "ratio", "p95 idle", "meanwhile", box=SIMPLE, pad_edge=False)
    for each in measured:
        speeds = (f"{each.alone:.1f}", f"{each.end_to_end:.1f}", f"{each.efficiency:.2f}")
        table.add_row(each.kind, *speeds, f"{each.idle_p95:.0f} ms", f"{each.busy_p95:.0f} ms")
    table.caption = "p95: of a search, before and during an ingest"
    return table


def _memory(measured: list[Ingested]) -> Table:
    table = Table("MB at most", *PARTS.values(), box=SIMPLE, pad_edge=False)
    for each in measured:
        table.add_row(each.kind, *(f"{each.peak_mb.get(part, 0):.0f}" for part in PARTS.values()))
    return table
