"""`triseek audit`: who did what, and when."""

import itertools
import json
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from app.cli.server import connect, server_options


@click.command()
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@server_options
def audit(limit: int, as_json: bool, url: str | None, key: str | None, data: Path) -> None:
    """List what administrators did, newest first."""
    with connect(url, key, data) as client:
        found = list(itertools.islice(client.audit(page=min(limit, 100)), limit))
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    table = Table("when", "key", "what", "of what", "detail", box=SIMPLE, pad_edge=False)
    for each in found:
        detail = ", ".join(f"{name} {value}" for name, value in each["detail"].items())
        table.add_row(each["at"][:19].replace("T", " "), each["actor"], each["action"], each["subject"], detail)
    Console().print(table)
