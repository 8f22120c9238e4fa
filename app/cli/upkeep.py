"""`triseek erase`, `triseek media`: what is to be forgotten, and room that is given back."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from app.cli.asking import confirm
from app.cli.progress import bars, follow
from app.cli.server import connect, server_options
from app.client import Document

MEGABYTE = 1_000_000


@click.command()
@click.argument("catalogue", required=False)
@click.argument("sku", required=False)
@click.option("--everything", is_flag=True, help="All catalogues, jobs and webhooks; keys and the audit log stay.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@server_options
def erase(
    catalogue: str | None,
    sku: str | None,
    everything: bool,
    yes: bool,
    as_json: bool,
    url: str | None,
    key: str | None,
    data: Path,
) -> None:
    """Erase the product SKU of CATALOGUE, or all of CATALOGUE: rows, vectors, media, frozen answers.

    A report counts what was removed and what is left of it; the command ends with 1 if anything is.
    """
    if everything == (catalogue is not None):
        raise click.UsageError("Name a catalogue, or say --everything.")
    what = "everything" if everything else f"product {sku} of {catalogue}" if sku else f"all of {catalogue}"
    if not yes:
        confirm(f"Erase {what}? It cannot be brought back.")
    console = Console(stderr=as_json)
    with connect(url, key, data) as client, bars(console) as progress:
        job = client.erase(catalogue=catalogue, sku=sku, everything=everything)
        report = follow(client, job, progress, "erasing").answer()
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        console.print(_counted("removed", report["removed"]), highlight=False)
        console.print(_counted("left", report["left"]), highlight=False)
    if not report["is_erased"]:
        raise SystemExit(1)


def _counted(title: str, counts: Document) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, count in counts.items():
        table.add_row(title, name, f"{count:,}")
    return table


@click.group()
def media() -> None:
    """Look after stored pictures and recordings."""


@media.command()
@click.option("--dry-run", is_flag=True, help="Only count what is unused.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@server_options
def gc(dry_run: bool, as_json: bool, url: str | None, key: str | None, data: Path) -> None:
    """Remove stored bytes that nothing has needed for an hour."""
    with connect(url, key, data) as client:
        found = client.wait(client.collect_media(dry_run=dry_run).id).answer()
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif dry_run:
        click.echo(f"{found['unused']} contents are unused; what has been so for an hour would be removed.")
    else:
        size = f"{found['bytes'] / MEGABYTE:,.1f} MB"
        outputs = f"{found['outputs']} kept outputs of encoders, {found['unknown']} files that nothing knew"
        click.echo(f"Removed: {found['media']} contents ({size}), {outputs}.")
        click.echo(f"Unused, and kept for an hour: {found['unused']}.")
