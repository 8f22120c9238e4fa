"""`triseek catalogue`: what a catalogue holds, and a copy of it."""

import json
import mimetypes
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from app.cli.progress import bars
from app.cli.server import connect, server_options
from app.client import Client, Document

FIELDS = ("sku", "title", "description", "attributes", "price", "currency")
MEGABYTE = 1_000_000


@click.group()
def catalogue() -> None:
    """Count, copy and vacuum what a catalogue holds."""


@catalogue.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@server_options
def stats(name: str, as_json: bool, url: str | None, key: str | None, data: Path) -> None:
    """Count products, media and vectors of the catalogue NAME."""
    with connect(url, key, data) as client:
        found = client.stats(name)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    table = Table.grid(padding=(0, 2))
    counts = found["products"]
    states = ", ".join(f"{counts[state]:,} {state}" for state in ("ready", "pending", "failed"))
    table.add_row("products", f"{counts['total']:,} ({states})")
    for modality, own in found["media"].items():
        table.add_row(modality, f"{own['count']:,}, different ones {own['bytes'] / MEGABYTE:,.1f} MB")
    console = Console()
    console.print(table, highlight=False)
    spaces = Table("space", "state", "products", "vectors", box=SIMPLE, pad_edge=False)
    for space in found["spaces"]:
        vectors = ", ".join(f"{count:,} {modality}" for modality, count in sorted(space["vectors"].items()))
        state = f"{space['state']}, answers" if space["answers"] else space["state"]
        spaces.add_row(str(space["id"]), state, f"{space['products']:,}", vectors)
    console.print(spaces)


@catalogue.command()
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--no-media", is_flag=True, help="Leave pictures and recordings out; the file is then NDJSON.")
@server_options
def export(name: str, file: Path, no_media: bool, url: str | None, key: str | None, data: Path) -> None:
    """Write the products of the catalogue NAME, with their media, to FILE: a ZIP that `triseek import` takes."""
    console = Console()
    with connect(url, key, data) as client, bars(console) as progress:
        total = client.stats(name)["products"]["total"]
        if no_media:
            with file.open("w", encoding="utf-8") as lines:
                for product in _each(client, name, progress, total):
                    lines.write(_line(product, {}) + "\n")
        else:
            _write_zip(client, file, _each(client, name, progress, total))
    console.print(f"Written: {file}", highlight=False)


@catalogue.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@server_options
def vacuum(name: str, as_json: bool, url: str | None, key: str | None, data: Path) -> None:
    """Give room back that the rows of the catalogue NAME no longer take."""
    with connect(url, key, data) as client:
        found = client.wait(client.vacuum(name).id).answer()
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    before, after = (found[each] / MEGABYTE for each in ("bytes_before", "bytes_after"))
    click.echo(f"Its tables take {after:,.1f} MB, after {before:,.1f} MB; what was freed in them is used again.")


def _each(client: Client, name: str, progress: Progress, total: int) -> Iterator[Document]:
    task = progress.add_task("exporting", total=total)
    for product in client.products(name):
        yield product
        progress.advance(task)


def _write_zip(client: Client, file: Path, products: Iterator[Document]) -> None:
    """Media go into the archive as they come, the products, which name them, at the end."""
    written: dict[str, str] = {}  # digest -> path
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive,
        tempfile.TemporaryFile("w+", encoding="utf-8") as lines,
    ):
        for product in products:
            for medium in (*product["images"], *product["speech"]):
                digest = medium["digest"]
                if digest and digest not in written:
                    written[digest] = f"media/{digest}{mimetypes.guess_extension(medium['content_type'] or '') or ''}"
                    archive.writestr(written[digest], client.media(digest))
            lines.write(_line(product, written) + "\n")
        lines.seek(0)
        with archive.open(zipfile.ZipInfo("catalogue.ndjson"), "w", force_zip64=True) as target:
            for line in lines:
                target.write(line.encode())


def _line(product: Document, written: dict[str, str]) -> str:
    """A product as an import takes it; a medium that was not fetched yet stays an address."""
    document = {name: product[name] for name in FIELDS if product[name] not in (None, {})}
    for name in ("images", "speech"):
        own = [
            {"upload": written[each["digest"]]} if each["digest"] in written else {"url": each["source"]}
            for each in product[name]
            if each["digest"] in written or each["source"]
        ]
        document |= {name: own} if own else {}
    return json.dumps(document, ensure_ascii=False)
