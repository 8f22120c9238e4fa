"""API keys from a shell."""

import json

import click
from rich.console import Console
from rich.table import Table

from app.db.engine import make_engine, make_sessions
from app.db.tables import ApiKey
from app.keys import service
from app.settings import Settings
from app.types import Scope


@click.group()
def keys() -> None:
    """Make, list and revoke API keys (needs DATABASE_URL)."""


@keys.command()
@click.option("--name", required=True, help="What the key is for, to tell keys apart.")
@click.option("--scope", "scopes", type=click.Choice([str(s) for s in Scope]), multiple=True, default=["search"])
def create(name: str, scopes: tuple[str, ...]) -> None:
    """Make a key and print it. It is shown this once."""
    settings = Settings.from_env()
    with make_sessions(make_engine(settings.database_url)).begin() as session:
        click.echo(service.create(session, name, [Scope(scope) for scope in scopes]))


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_keys(as_json: bool) -> None:
    """List the keys by their first characters."""
    settings = Settings.from_env()
    with make_sessions(make_engine(settings.database_url))() as session:
        rows = service.listed(session)
    if as_json:
        click.echo(json.dumps([_document(key) for key in rows], indent=2))
        return
    table = Table("prefix", "name", "scopes", "created", "revoked")
    for key in rows:
        created = key.created_at.isoformat(timespec="seconds")
        table.add_row(key.prefix, key.name, ", ".join(key.scopes), created, "yes" if key.revoked_at else "")
    Console().print(table)


def _document(key: ApiKey) -> dict[str, object]:
    return {
        "prefix": key.prefix,
        "name": key.name,
        "scopes": key.scopes,
        "created_at": key.created_at.isoformat(timespec="seconds"),
        "revoked": key.revoked_at is not None,
    }


@keys.command()
@click.argument("prefix")
def revoke(prefix: str) -> None:
    """Revoke the keys whose first characters are PREFIX, as `keys list` shows them."""
    settings = Settings.from_env()
    with make_sessions(make_engine(settings.database_url)).begin() as session:
        count = service.revoke(session, prefix)
    if not count:
        raise click.ClickException(f"No valid key begins with {prefix!r}.")
    click.echo(f"Revoked {count}.")
