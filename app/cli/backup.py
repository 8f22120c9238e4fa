"""`triseek backup`, `triseek restore`: the database and the media, elsewhere and back."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from app.backup import service
from app.backup.service import Manifest, Report
from app.cli.progress import bars
from app.cli.server import DATA, running
from app.errors import BackupFailed, ServerUnreachable, StackRunning
from app.settings import owner_urls_from_env

_DATA = click.option("--data", type=click.Path(path_type=Path), default=DATA, help="The embedded stack's folder.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@click.argument("target")
@_JSON
@_DATA
def backup(target: str, as_json: bool, data: Path) -> None:
    """Write database and media to TARGET, a folder or s3://bucket/prefix, while everything goes on.

    Backups in one folder share their media. Of DATABASE_URL and MEDIA_URL, else of the stack that runs here. What
    encoders gave is left out: it is made again.
    """
    run = running(data) or {}
    urls = {name: run.get(name.lower(), "") for name in ("DATABASE_URL", "MEDIA_URL")} | owner_urls_from_env()
    if not (urls["DATABASE_URL"] and urls["MEDIA_URL"]):
        raise ServerUnreachable(f"Nothing runs on {data}; start it, or set DATABASE_URL and MEDIA_URL.")
    with _for_nobody_else(), _reported("media") as report:
        _tell(service.backup(urls["DATABASE_URL"], urls["MEDIA_URL"], target, report), "Written", as_json=as_json)


@click.command()
@click.argument("target")
@click.option("--at", help="Which of its backups, as --list names it; the latest unless told.")
@click.option("--list", "only_list", is_flag=True, help="Only list the backups there are.")
@_JSON
@_DATA
def restore(target: str, at: str | None, only_list: bool, as_json: bool, data: Path) -> None:
    """Read a backup from TARGET into an empty database and its media store; then start the stack.

    Into DATABASE_URL and MEDIA_URL, else into the embedded servers of a folder (--data) on which nothing ran yet. An
    older release's backup is brought to this release's tables.
    """
    if only_list:
        found = service.listed(target)
        if as_json:
            click.echo(json.dumps([asdict(each) for each in found], indent=2))
        else:
            for each in found:
                _tell(each, "", as_json=False)
        return
    if not service.listed(target):
        raise BackupFailed(f"{target} has no backup.")
    urls = owner_urls_from_env()
    if "DATABASE_URL" not in urls and running(data) is not None:
        raise StackRunning(f"Triseek runs on {data}: restore into another folder, or stop it and remove the folder.")
    with ExitStack() as opened:
        if "DATABASE_URL" not in urls:
            from app.local.servers import Servers  # noqa: PLC0415  # only the embedded extra brings what it needs

            servers = opened.enter_context(Servers(data, redis_url="unused"))
            urls["DATABASE_URL"] = servers.database_url
        media = urls.get("MEDIA_URL", str(data / "media"))
        report = opened.enter_context(_reported("media"))
        _tell(service.restore(target, at, urls["DATABASE_URL"], media, report), "Restored", as_json=as_json)


@contextmanager
def _for_nobody_else() -> Iterator[None]:
    """Within the block, files and folders are made for this user alone: all tenants' data are in them."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def _reported(name: str) -> Iterator[Report]:
    with bars(Console(stderr=True)) as progress:
        task = progress.add_task(name, total=None)

        def report(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield report


def _tell(manifest: Manifest, what: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(manifest), indent=2))
        return
    lost = f" ({manifest.missing} that the store had lost)" if manifest.missing else ""
    counts = f"{manifest.products:,} products, {manifest.vectors:,} vectors, {manifest.media:,} media{lost}"
    click.echo(f"{what} {manifest.at}: {counts}, Triseek {manifest.version}, tables {manifest.revision}.".strip())
