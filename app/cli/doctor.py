"""`triseek doctor`: is everything there, and how to mend what is not."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from app.cli.server import DATA, running
from app.doctor import programs, servers
from app.doctor.finding import Finding, Health
from app.settings import owner_urls_from_env, replica_from_env, urls_from_env

STYLE = {Health.FINE: "green", Health.WARNING: "yellow", Health.BROKEN: "red"}


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=DATA, help="The running stack's folder.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(data: Path, as_json: bool) -> None:
    """Check packages, weights, servers and disks; ends with 1 if something is broken.

    The servers are those of DATABASE_URL, REDIS_URL and MEDIA_URL, else those of the stack that runs here.
    """
    with Console(stderr=True).status("Checking packages, weights, servers and disks"):
        found = list(_checked(data))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
    else:
        table = Table("", "part", "", "how to mend it", box=SIMPLE, pad_edge=False)
        for each in found:
            mend = "" if each.health is Health.FINE else each.mend
            table.add_row(each.health, each.part, each.said, mend, style=None, end_section=False)
        table.columns[0].style = "bold"
        _coloured(table, found)
        Console().print(table)
    if any(each.health is Health.BROKEN for each in found):
        raise SystemExit(1)


def _coloured(table: Table, found: list[Finding]) -> None:
    for row, each in zip(table.rows, found, strict=True):
        row.style = STYLE[each.health] if each.health is not Health.FINE else ""


def _checked(data: Path) -> Iterator[Finding]:
    yield from programs.python()
    yield from programs.packages()
    yield from programs.weights()
    urls = _urls(data)
    if not urls:
        mend = "Start triseek up, or set DATABASE_URL, REDIS_URL and MEDIA_URL."
        yield Finding(part="servers", health=Health.WARNING, said=f"nothing runs on {data}", mend=mend)
        return
    yield from servers.database(urls["DATABASE_URL"])
    if url := urls_from_env().get("DATABASE_URL"):
        yield from servers.login(url)
    if replica := replica_from_env():
        yield from servers.replica(urls["DATABASE_URL"], replica)
    yield from servers.broker(urls["REDIS_URL"])
    yield from servers.media(urls["MEDIA_URL"])
    if data.is_dir() and os.access(data, os.R_OK):
        yield servers.room("room for data", str(data))


def _urls(data: Path) -> dict[str, str]:
    """Where the servers are: as the environment says, else as the running stack does."""
    run = running(data) or {}
    found = {name.upper(): str(run[name]) for name in ("database_url", "redis_url", "media_url") if run.get(name)}
    found |= owner_urls_from_env()
    return found if len(found) == 3 else {}
