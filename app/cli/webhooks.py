"""`triseek webhooks`: who is told when jobs end."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from app.cli.server import connect, server_options
from app.types import JobKind


@click.group()
def webhooks() -> None:
    """Have other servers told when jobs end."""


@webhooks.command()
@click.argument("address")
@click.option("--kind", "kinds", multiple=True, type=click.Choice([str(k) for k in JobKind]), help="Of such jobs only.")
@server_options
def add(address: str, kinds: Sequence[str], url: str | None, key: str | None, data: Path) -> None:
    """Have ADDRESS told of the ends of jobs: of imports and products unless told."""
    with connect(url, key, data) as client:
        added = client.add_webhook(address, [JobKind(kind) for kind in kinds])
    click.echo(f"Webhook {added['id']} is told of {', '.join(added['kinds'])}. Its secret, shown only now:")
    click.echo(added["secret"])


@webhooks.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@server_options
def list_webhooks(as_json: bool, url: str | None, key: str | None, data: Path) -> None:
    """List webhooks, oldest first."""
    with connect(url, key, data) as client:
        found = client.webhooks()
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    table = Table("id", "url", "kinds", "added", box=SIMPLE, pad_edge=False)
    for each in found:
        table.add_row(str(each["id"]), each["url"], ", ".join(each["kinds"]), each["created_at"][:10])
    Console().print(table)


@webhooks.command()
@click.argument("webhook_id", type=int)
@server_options
def remove(webhook_id: int, url: str | None, key: str | None, data: Path) -> None:
    """Remove a webhook."""
    with connect(url, key, data) as client:
        client.remove_webhook(webhook_id)


@webhooks.command()
@click.argument("webhook_id", type=int)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@server_options
def deliveries(webhook_id: int, limit: int, as_json: bool, url: str | None, key: str | None, data: Path) -> None:
    """List what a webhook was told, or is to be told."""
    with connect(url, key, data) as client:
        found = list(itertools.islice(client.deliveries(webhook_id, page=min(limit, 100)), limit))
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    table = Table("id", "job", "state", "tries", "next", "what went wrong", box=SIMPLE, pad_edge=False)
    for each in found:
        due = (each["due_at"] or "")[5:16].replace("T", " ")
        table.add_row(each["id"], each["job"], each["state"], str(each["tries"]), due, each["problem"] or "")
    Console().print(table)


@webhooks.command()
@click.argument("webhook_id", type=int)
@server_options
def retry(webhook_id: int, url: str | None, key: str | None, data: Path) -> None:
    """Deliver now what was not delivered yet."""
    with connect(url, key, data) as client:
        click.echo(f"{client.retry_webhook(webhook_id)} deliveries are tried now.")
