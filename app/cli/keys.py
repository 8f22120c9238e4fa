"""API keys from a shell."""

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from app.cli.administering import data_option, note, transaction
from app.keys import service
from app.keys.service import LONGEST, LONGEST_NAME, MOST, TENANT, KeyWish
from app.tenants.service import find
from app.types import Scope


class Name(click.ParamType[str]):
    """What a key is called."""

    name = "TEXT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401  click's signature
        """The name, if it is neither empty nor too long."""
        if not 0 < len(value) <= LONGEST_NAME:
            self.fail(f"must have 1 to {LONGEST_NAME} characters", param, ctx)
        return str(value)


NAME = Name()


@click.group()
def keys() -> None:
    """Make, list, rotate and revoke API keys.

    In the database of DATABASE_ADMIN_URL or DATABASE_URL, else of the stack that runs here.
    """


tenant_option = click.option("--tenant", default=TENANT, show_default=True, help="Whose keys are meant.")


@keys.command()
@click.option("--name", type=NAME, required=True, help="What the key is for, to tell keys apart.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([str(s) for s in Scope]),
    multiple=True,
    default=["search"],
    show_default=True,
    help="search: search, and read products; write: upload and delete; admin: its spaces, keys, upkeep;"
    " operate: what concerns all tenants. Once for each.",
)
@click.option("--days", type=click.IntRange(1, LONGEST), help="After which it expires; never unless told.")
@click.option(
    "--per-minute", type=click.IntRange(1, MOST), help="Requests; as TRISEEK_REQUESTS_PER_MINUTE says unless told."
)
@click.option("--searches-per-day", type=click.IntRange(1, MOST), help="Any number unless told.")
@tenant_option
@data_option
def create(
    name: str,
    scopes: tuple[str, ...],
    days: int | None,
    per_minute: int | None,
    searches_per_day: int | None,
    tenant: str,
    data: Path,
) -> None:
    """Make a key and print it. It is shown this once."""
    wish = KeyWish(
        name=name,
        scopes=[Scope(scope) for scope in scopes],
        lasts=None if days is None else datetime.timedelta(days=days),
        requests_per_minute=per_minute,
        searches_per_day=searches_per_day,
    )
    with transaction(data) as session:
        tenant_id = find(session, tenant)
        made = service.create(session, tenant_id, wish)
        note(session, tenant_id, "key.create", made.row.prefix, scopes=made.row.scopes, expires_in_days=days)
    click.echo(made.key)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@tenant_option
@data_option
def list_keys(as_json: bool, tenant: str, data: Path) -> None:
    """List the keys by their first characters."""
    with transaction(data) as session:
        tenant_id = find(session, tenant)
        now = datetime.datetime.now(datetime.UTC)
        found = [service.document(row, now) for row in service.listed(session, tenant_id)]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    table = Table("prefix", "name", "scopes", "state", "limits", "expires", "last used", box=SIMPLE, pad_edge=False)
    for key in found:
        times = [str(key[name] or "never")[:16].replace("T", " ") for name in ("expires_at", "last_used_at")]
        scopes, limits = ", ".join(key["scopes"]), _limits(key)
        table.add_row(key["prefix"], key["name"], scopes, key["state"], limits, *times)
    Console().print(table)


@keys.command()
@click.argument("prefix")
@click.option(
    "--grace",
    type=click.IntRange(0, 24 * LONGEST),
    default=24,
    show_default=True,
    help="Hours that the old one works on.",
)
@tenant_option
@data_option
def rotate(prefix: str, grace: int, tenant: str, data: Path) -> None:
    """Make a key in the place of the one that begins with PREFIX, and print it. It is shown this once."""
    with transaction(data) as session:
        tenant_id = find(session, tenant)
        made = service.rotate(session, tenant_id, prefix, datetime.timedelta(hours=grace))
        note(session, tenant_id, "key.rotate", prefix, by=made.row.prefix)
    click.echo(made.key)


@keys.command()
@click.argument("prefix")
@tenant_option
@data_option
def revoke(prefix: str, tenant: str, data: Path) -> None:
    """Revoke the keys whose first characters are PREFIX, as `keys list` shows them."""
    with transaction(data) as session:
        tenant_id = find(session, tenant)
        count = service.revoke(session, tenant_id, prefix)
        note(session, tenant_id, "key.revoke", prefix)
    click.echo(f"Revoked {count}.")


def _limits(key: Mapping[str, Any]) -> str:
    limits = (("requests_per_minute", "a minute"), ("searches_per_day", "searches a day"))
    return ", ".join(f"{key[name]} {said}" for name, said in limits if key[name] is not None)
