"""`triseek products`: what a catalogue holds, and another try for what could not be embedded."""

import itertools
import json
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from app.cli.imports import report
from app.cli.progress import bars, follow
from app.cli.server import connect, server_options
from app.types import EmbeddingState


@click.group()
def products() -> None:
    """List products; try those again that could not be embedded."""


@products.command("list")
@click.argument("catalogue")
@click.option("--state", type=click.Choice([str(state) for state in EmbeddingState]), help="Only those in this state.")
@click.option("--filter", "where", help="Only those that match.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, a product a line.")
@server_options
def list_products(
    catalogue: str,
    state: str | None,
    where: str | None,
    limit: int,
    as_json: bool,
    url: str | None,
    key: str | None,
    data: Path,
) -> None:
    """List products of CATALOGUE; of those that failed, why."""
    with connect(url, key, data) as client:
        chosen = EmbeddingState(state) if state else None
        found = list(
            itertools.islice(client.products(catalogue, where=where, state=chosen, page=min(limit, 100)), limit)
        )
    if as_json:
        for product in found:
            click.echo(json.dumps(product, ensure_ascii=False))
        return
    table = Table("sku", "title", "state", "found by", box=SIMPLE, pad_edge=False)
    for product in found:
        embedding = product["embedding"]
        why = (embedding.get("error") or {}).get("detail") or ", ".join(embedding["modalities"])
        table.add_row(product["sku"], product["title"] or "", embedding["state"], why)
    Console().print(table)


@products.command()
@click.argument("catalogue")
@server_options
def retry(catalogue: str, url: str | None, key: str | None, data: Path) -> None:
    """Embed again what failed in CATALOGUE, and wait for it."""
    console = Console()
    with connect(url, key, data) as client, bars(console) as progress:
        job = follow(client, client.retry(catalogue), progress, "embedding")
        progress.stop()
        report(client, job, console, "done")
    if job.progress.failed:
        raise SystemExit(1)


@products.command()
@click.argument("catalogue")
@click.argument("sku")
@server_options
def restore(catalogue: str, sku: str, url: str | None, key: str | None, data: Path) -> None:
    """Bring the deleted product SKU of CATALOGUE back, within the days that TRISEEK_RESTORABLE_DAYS gives."""
    with connect(url, key, data) as client:
        job = client.wait(client.restore_product(catalogue, sku).id)
    click.echo(f"Product {sku} is back; its job {job.id} has {job.state}.")
