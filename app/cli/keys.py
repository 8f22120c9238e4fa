"""API keys from a shell."""

import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from app.cli.server import DATA, settings_here
from app.db import audit
from app.db.engine import make_engine, make_sessions
from app.keys import service
from app.keys.service import LONGEST, LONGEST_NAME, MOST, KeyWish
from app.types import Scope

SHELL = "shell"  # who did it, in the audit log
_Function = TypeVar("_Function", bound=Callable[..., Any])


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
    """Make, list, rotate and revoke API keys, in the database of DATABASE_URL, else of the stack that runs here."""


def data_option(command: _Function) -> _Function:
    """Gives a command the option `data`."""
    return click.option("--data", type=click.Path(path_type=Path), default=DATA, help="The running stack's folder.")(
        command
    )


@keys.command()
@click.option("--name", type=NAME, required=True, help="What the key is for, to tell keys apart.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([str(s) for s in Scope]),
    multiple=True,
    default=["search"],
    show_default=True,
    help="search: search, and read products; write: upload and delete; admin: spaces, keys, upkeep. Once for each.",
)
@click.option("--days", type=click.IntRange(1, LONGEST), help="After which it expires; never unless told.")
@click.option(
    "--per-minute", type=click.IntRange(1, MOST), help="Requests; as TRISEEK_REQUESTS_PER_MINUTE says unless told."
)
@click.option("--searches-per-day", type=click.IntRange(1, MOST), help="Any number unless told.")
@data_option
def create(
    name: str,
    scopes: tuple[str, ...],
    days: int | None,
    per_minute: int | None,
    searches_per_day: int | None,
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
    with _database(data) as (session, tenant):
        made = service.create(session, tenant, wish)
        _note(session, tenant, "key.create", made.row.prefix)
    click.echo(made.key)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_option
def list_keys(as_json: bool, data: Path) -> None:
    """List the keys by their first characters."""
    with _database(data) as (session, tenant):
        now = datetime.datetime.now(datetime.UTC)
        found = [service.document(row, now) for row in service.listed(session, tenant)]
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
@data_option
def rotate(prefix: str, grace: int, data: Path) -> None:
    """Make a key in the place of the one that begins with PREFIX, and print it. It is shown this once."""
    with _database(data) as (session, tenant):
        made = service.rotate(session, tenant, prefix, datetime.timedelta(hours=grace))
        _note(session, tenant, "key.rotate", prefix)
    click.echo(made.key)


@keys.command()
@click.argument("prefix")
@data_option
def revoke(prefix: str, data: Path) -> None:
    """Revoke the keys whose first characters are PREFIX, as `keys list` shows them."""
    with _database(data) as (session, tenant):
        count = service.revoke(session, tenant, prefix)
        _note(session, tenant, "key.revoke", prefix)
    click.echo(f"Revoked {count}.")


def _limits(key: Mapping[str, Any]) -> str:
    limits = (("requests_per_minute", "a minute"), ("searches_per_day", "searches a day"))
    return ", ".join(f"{key[name]} {said}" for name, said in limits if key[name] is not None)


def _note(session: Session, tenant_id: int, action: str, prefix: str) -> None:
    audit.add(session, tenant_id=tenant_id, actor=SHELL, action=action, subject=prefix, detail={})


@contextmanager
def _database(data: Path) -> Iterator[tuple[Session, int]]:
    """A transaction, and whose keys are meant."""
    engine = make_engine(settings_here(data).database_url, pool_size=1)
    try:
        with make_sessions(engine).begin() as session:
            yield session, service.first_tenant(session)
    finally:
        engine.dispose()
