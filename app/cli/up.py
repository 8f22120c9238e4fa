"""The whole embedded stack in the foreground."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from app.settings import log_format_from_env
from app.types import LogFormat

Sink = Callable[[str, str], None]  # takes a part's name, and a line that it printed

COLOURS = {
    "postgres": "blue",
    "initdb": "blue",
    "valkey": "red",
    "web": "green",
    "query": "cyan",
    "embed": "magenta",
    "upkeep": "yellow",
}


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".triseek"),
    show_default=True,
    help="Where the data is kept.",
)
@click.option("--port", type=click.IntRange(1, 65535), help="Where the web listens; any free port unless told.")
def up(data: Path, port: int | None) -> None:
    """Run everything on this machine until Ctrl-C: PostgreSQL, Valkey, web and workers.

    DATABASE_URL, REDIS_URL and MEDIA_URL, where set, are used in place of the embedded servers.
    """
    from app.local.stack import Stack  # noqa: PLC0415  # only the embedded extra brings what it needs

    console = Console(highlight=False, soft_wrap=True)
    try:
        view = JsonView() if log_format_from_env() is LogFormat.JSON else LogView(console)
        with logged_to(view), Stack(data, port, sink=view) as stack:
            console.print(Text.assemble("Triseek is up: ", (stack.url, "bold")))
            console.print(Text.assemble("Search page:   ", (stack.link, "bold")))
            console.print("Ctrl-C stops it.")
            stack.wait()
    except KeyboardInterrupt:
        pass  # Ctrl-C while it was starting
    console.print("Stopped.")


class LogView:
    """Prints the lines of all parts in one view, each with the name of its part."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, name: str, line: str) -> None:
        """Prints one line."""
        self._console.print(Text.assemble((f"{name:>8} │ ", COLOURS.get(name, "white")), line))


class JsonView:
    """Prints the lines of all parts as objects, each with the name of its part; a server's own lines as messages."""

    def __call__(self, name: str, line: str) -> None:
        """Prints one line."""
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        told = record if isinstance(record, dict) else {"message": line}
        click.echo(json.dumps({"part": name, **told}))


class _ToView(logging.Handler):
    def __init__(self, view: Sink) -> None:
        super().__init__()
        self._view = view

    def emit(self, record: logging.LogRecord) -> None:
        self._view("triseek", record.getMessage())


@contextmanager
def logged_to(view: Sink) -> Iterator[None]:
    """Within the block, this process's own warnings are in the view too."""
    handler = _ToView(view)
    logging.getLogger("app").addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger("app").removeHandler(handler)
