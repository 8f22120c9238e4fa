"""Which server a command talks to: the one it is told, or the one that runs on the data folder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from app.client import Client
from app.errors import ServerUnreachable
from app.settings import Settings, child_environ, urls_from_env

DATA = Path(".triseek")  # where `triseek up` keeps its state unless told
URLS = ("database_url", "redis_url", "media_url")
_Function = TypeVar("_Function", bound=Callable[..., Any])


def server_options(command: _Function) -> _Function:
    """Gives a command the options `url`, `key` and `data`, which `connect` takes."""
    for option in (
        click.option("--data", type=click.Path(path_type=Path), default=DATA, help="The running stack's folder."),
        click.option("--key", envvar="TRISEEK_KEY", help="API key (or TRISEEK_KEY); the running stack's unless told."),
        click.option("--url", envvar="TRISEEK_URL", help="Server (or TRISEEK_URL); the running stack unless told."),
    ):
        command = option(command)
    return command


def connect(url: str | None, key: str | None, data: Path) -> Client:
    """A client of the server that is meant.

    Raises:
        ServerUnreachable: No server is named and none runs on the folder.
    """
    found = {} if url and key else running(data)
    if found is None:
        raise ServerUnreachable(f"Nothing runs on {data}; start it with `triseek up`, or give --url and --key.")
    return Client(url or str(found["url"]), key or str(found["key"]))


def running(data: Path) -> dict[str, Any] | None:
    """What the stack that runs on this folder wrote about itself, or nothing if none does."""
    try:
        found: dict[str, Any] = json.loads((data / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def settings_here(data: Path) -> Settings:
    """The settings of the environment; where it names no servers, those of the stack that runs on this folder.

    Raises:
        SettingsInvalid: a setting is wrong, or no server is named and none runs here.
    """
    run = running(data) or {}
    if not run and not urls_from_env():
        raise ServerUnreachable(f"Nothing runs on {data}; start it with `triseek up`, or set DATABASE_URL.")
    return Settings.from_env(child_environ({}, {url.upper(): str(run[url]) for url in URLS if url in run}))
