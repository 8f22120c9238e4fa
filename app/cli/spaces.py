"""`triseek spaces`: which embedding spaces there are, and which one answers searches."""

import json
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from app.cli.asking import confirm
from app.cli.comparison import print_comparison, write_page
from app.cli.judged_searches import judged_searches
from app.cli.reindex import followed, reindex
from app.cli.server import connect, server_options
from app.client import Document


@click.group()
def spaces() -> None:
    """List, compare, activate and retire embedding spaces."""


@spaces.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@server_options
def list_spaces(as_json: bool, url: str | None, key: str | None, data: Path) -> None:
    """List the spaces, oldest first."""
    with connect(url, key, data) as client:
        found = client.spaces()
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    table = Table("id", "state", "catalogue", "alignment", "dim", "encoders", "activated", box=SIMPLE, pad_edge=False)
    for each in found:
        activated = (each["activated_at"] or "")[:16].replace("T", " ")
        encoders = ", ".join(encoder.partition("@")[0] for encoder in each["encoders"].values())
        alignment = each["alignment"][:12]
        row = (str(each["id"]), each["state"], each["catalogue"] or "all", alignment, str(each["dim"]), encoders)
        table.add_row(*row, activated)
    Console().print(table)


@spaces.command()
@click.argument("space_id", type=int)
@click.option(
    "--judged",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A judged set to compare by; products are asked for by their own contents unless told.",
)
@click.option("--judged-in", help="The catalogue that the judged set's products are in.")
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path), help="Write the comparison as HTML here.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@server_options
def verify(
    space_id: int,
    judged: Path | None,
    judged_in: str | None,
    page: Path | None,
    as_json: bool,
    url: str | None,
    key: str | None,
    data: Path,
) -> None:
    """Compare SPACE_ID with the space that answers searches; ends with 1 if it is worse."""
    console = Console(stderr=as_json)
    searches = judged_searches(judged) if judged is not None else []
    with connect(url, key, data) as client:
        job = client.verify_space(space_id, catalogue=judged_in, queries=searches)
        found = followed(client, job, console, f"triseek spaces verify {space_id}")
    print_comparison(found, console)
    if page is not None:
        write_page(found, page)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    if not found["is_ready"]:
        raise SystemExit(1)


@spaces.command()
@click.argument("space_id", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@server_options
def activate(space_id: int, as_json: bool, url: str | None, key: str | None, data: Path) -> None:
    """Let SPACE_ID, which is ready, answer searches from now on."""
    with connect(url, key, data) as client:
        _tell(client.activate_space(space_id), "answers searches now.", as_json=as_json)


@spaces.command()
@click.option("--catalogue", help="Of a catalogue that has spaces of its own.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@server_options
def rollback(catalogue: str | None, as_json: bool, url: str | None, key: str | None, data: Path) -> None:
    """Let the space answer searches again that was active before."""
    with connect(url, key, data) as client:
        _tell(client.roll_back(catalogue), "answers searches again.", as_json=as_json)


@spaces.command()
@click.argument("space_id", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; asks nothing.")
@server_options
def retire(space_id: int, yes: bool, as_json: bool, url: str | None, key: str | None, data: Path) -> None:
    """Let go of SPACE_ID, which answers no searches: its vectors are removed."""
    with connect(url, key, data) as client:
        # Which spaces there are not, and which cannot be let go of, the server tells without a question.
        can_go = any(each["id"] == space_id and each["state"] != "active" for each in client.spaces())
        if can_go and not (yes or as_json):
            confirm(f"Remove all vectors of space {space_id}?")
        _tell(client.retire_space(space_id), "is retired; its vectors are being removed.", as_json=as_json)


spaces.add_command(reindex, name="create")


def _tell(space: Document, what: str, *, as_json: bool) -> None:
    click.echo(json.dumps(space, indent=2) if as_json else f"Space {space['id']} {what}")
