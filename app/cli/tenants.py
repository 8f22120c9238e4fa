"""Tenants from a shell."""

import json
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from app.cli.administering import data_option, note, transaction
from app.cli.asking import confirm
from app.keys.service import first_tenant
from app.tenants import service


@click.group()
def tenants() -> None:
    """Make, list and remove tenants, of whom none sees anything of another, in the database of DATABASE_ADMIN_URL."""


@tenants.command()
@click.argument("name")
@data_option
def create(name: str, data: Path) -> None:
    """Make a tenant and print its first key, with the scopes search, write and admin. It is shown this once."""
    with transaction(data) as session:
        made = service.create(session, name)
        note(session, first_tenant(session), "tenant.create", name)
    click.echo(made.key)


@tenants.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_option
def list_tenants(as_json: bool, data: Path) -> None:
    """List the tenants, oldest first."""
    with transaction(data) as session:
        found = service.listed(session)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    table = Table("name", "catalogues", "keys", "since", box=SIMPLE, pad_edge=False)
    for each in found:
        table.add_row(each["name"], str(each["catalogues"]), str(each["keys"]), each["created_at"][:10])
    Console().print(table)


@tenants.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_option
def remove(name: str, yes: bool, data: Path) -> None:
    """Remove a tenant of which everything was erased, with its keys and jobs."""
    if not yes:
        confirm(f"Remove the tenant {name} with its keys?")
    with transaction(data) as session:
        service.remove(session, name)
        note(session, first_tenant(session), "tenant.remove", name)
    click.echo(f"Removed {name}.")
