"""`triseek bench size`: what products take on disk and searches of processors, and what a shop would need."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from app.client import Client
from app.local.stack import Stack
from workers.bench.ingest import Report, ingest
from workers.bench.ingest_sample import Kind, Offer, offers
from workers.bench.size import Searched, searched, sizes
from workers.bench.steps import bar
from workers.cli.options import OUTPUT_FILE, progress_bar

CATALOGUE = "shop"
DATABASE = ("products and words", "vectors", "vector indexes", "tokens")
STORE = ("media", "kept outputs")
HOT = ("vectors", "vector indexes")  # read all over the place: memory has to hold them
DAY = 86_400.0  # seconds
TERABYTE = 1e12


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Products of one kind."""

    kind: Kind
    products: int
    a_second: float  # from the upload until the last can be found, by one embed worker
    bytes_each: dict[str, float]

    def of(self, parts: tuple[str, ...]) -> float:
        """Bytes a product of these parts together."""
        return sum(self.bytes_each[part] for part in parts)


@click.command("bench-size")
@click.option("--products", type=click.IntRange(50), default=600, show_default=True, help="How many of each kind.")
@click.option("--for", "wanted", type=click.IntRange(1), default=1_000_000, show_default=True, help="Of a shop.")
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Write what was measured to this file.")
def bench_size(products: int, wanted: int, json_file: Path | None) -> None:
    """Measure on a stack of its own, and say what a shop with so many products would need by it.

    Three kinds of products are uploaded: with texts; with a picture, too; with a recording, too.
    """
    console = Console()
    measured: list[Measured] = []
    with progress_bar(console) as progress, tempfile.TemporaryDirectory() as folder:
        for kind in Kind:
            with Stack(Path(folder) / kind) as stack, Client(stack.url, stack.key) as client:
                measured.append(_measured(stack, client, kind, products, bar(progress, kind)))
                searches = searched(stack.url, stack.key, CATALOGUE)
    console.print(_sizes(measured))
    console.print(_searches(searches))
    console.print(_needs(measured, wanted))
    if json_file is not None:
        document = {"kinds": [asdict(each) for each in measured], "searches": asdict(searches)}
        json_file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _measured(stack: Stack, client: Client, kind: Kind, count: int, report: Report) -> Measured:
    database, media = stack.urls["DATABASE_URL"], Path(stack.urls["MEDIA_URL"])
    before = sizes(database, media)
    speed, _ = ingest(client, CATALOGUE, _different(offers(kind, count)), report)
    after = sizes(database, media)
    each = {part: (after[part] - before.get(part, 0)) / count for part in (*DATABASE, *STORE)}
    return Measured(kind=kind, products=count, a_second=speed, bytes_each=each)


def _different(products: list[Offer]) -> list[Offer]:
    """No two with the same texts, whose kept outputs would be one."""
    return [
        replace(offer, product=offer.product | {"title": f"{offer.product['title']} {number}"})
        for number, offer in enumerate(products)
    ]


def _sizes(measured: list[Measured]) -> Table:
    table = Table("kilobytes a product", *(each.kind for each in measured), box=SIMPLE, pad_edge=False)
    for part in (*DATABASE, *STORE):
        table.add_row(part, *(f"{each.bytes_each[part] / 1000:.1f}" for each in measured))
    table.add_row("products a second", *(f"{each.a_second:.1f}" for each in measured))
    return table


def _searches(searches: Searched) -> Table:
    table = Table("searches by text of all three", "", box=SIMPLE, pad_edge=False)
    table.add_row("a second, asked as fast as answered", f"{searches.a_second:.1f}")
    for part, used in searches.cpu_ms.items():
        table.add_row(f"{part}, of a processor", f"{used:.0f} ms")
    table.add_row("a second and core", f"{searches.a_core:.1f}")
    return table


def _needs(measured: list[Measured], wanted: int) -> Table:
    table = Table(f"{wanted:,} products would need", *(each.kind for each in measured), box=SIMPLE, pad_edge=False)
    rows: Mapping[str, list[float]] = {
        "of the database's disks": [each.of(DATABASE) * wanted / TERABYTE for each in measured],
        "of its memory": [each.of(HOT) * wanted / TERABYTE for each in measured],
        "of the media store": [each.of(STORE) * wanted / TERABYTE for each in measured],
    }
    for name, values in rows.items():
        table.add_row(name, *(f"{value:.3f} TB" for value in values))
    table.add_row("days of one embed worker", *(f"{wanted / each.a_second / DAY:,.1f}" for each in measured))
    return table
