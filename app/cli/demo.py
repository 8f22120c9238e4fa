"""`triseek demo`: the whole of Triseek in one command."""

import json
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click
from rich.console import Console

from app.cli.demo_searches import Asked, ask_all, summary
from app.cli.demo_upload import upload
from app.cli.server import DATA, running
from app.client import Client
from app.errors import ApiProblem, ServerUnreachable

if TYPE_CHECKING:
    from app.sample.sets import DemoSet


@click.command()
@click.option(
    "--data",
    "judged",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A judged set to load instead of the sample catalogue.",
)
@click.option("--once", is_flag=True, help="Exit when the searches are done.")
@click.option("--json", "report", type=click.Path(dir_okay=False, path_type=Path), help="Write what was measured here.")
@click.option("--state", type=click.Path(path_type=Path), default=DATA, help="Where the stack keeps its data.")
def demo(judged: Path | None, once: bool, report: Path | None, state: Path) -> None:
    """Load a catalogue over HTTP, then search it by text, picture, voice and all three."""
    console = Console()
    try:
        _demo(_demo_set(judged), state, report, console, once=once)
    except KeyboardInterrupt:
        console.print("Stopped.")


def _demo(chosen: "DemoSet", state: Path, report: Path | None, console: Console, *, once: bool) -> None:
    with ExitStack() as opened:
        url, key, ours = server_on(state, opened, console)
        client = opened.enter_context(Client(url, key))
        seconds = upload(client, chosen, console)
        asked = ask_all(client, chosen, console)
        console.print(summary(asked))
        if report is not None:
            report.write_text(json.dumps(_report(chosen, seconds, asked), ensure_ascii=False, indent=2) + "\n")
        if chosen.credit:
            console.print(chosen.credit, style="dim", highlight=False)
        if ours and once:
            return
        console.print(f"Search by hand: {url}/#key={key}", highlight=False, soft_wrap=True)
        if ours:
            console.print("Ctrl-C stops it.")
            threading.Event().wait()


def server_on(state: Path, opened: ExitStack, console: Console) -> tuple[str, str, bool]:
    """The address and key of the stack on this folder, and whether it is one that had to be started."""
    found = running(state)
    if found is not None and _answers(found["url"], found["key"]):
        console.print(f"Triseek already runs at {found['url']}", highlight=False)
        return found["url"], found["key"], False
    from app.local.stack import Stack  # noqa: PLC0415  # only the embedded extra brings what it needs

    log = opened.enter_context(LogFile(state / "demo.log"))
    with console.status(f"Starting PostgreSQL, Valkey, web and workers on {state} …"):
        stack = opened.enter_context(Stack(state, sink=log))
    console.print(f"Triseek runs at {stack.url}; what its parts say is in {state / 'demo.log'}", highlight=False)
    return stack.url, stack.key, True


def _answers(url: str, key: str) -> bool:
    with Client(url, key) as client:
        try:
            return client.is_live()
        except (ServerUnreachable, ApiProblem):
            return False


def _demo_set(judged: Path | None) -> "DemoSet":
    from app.sample.judged import judged_set  # noqa: PLC0415  # only the embedded extra brings what these are made of
    from app.sample.sets import sample_set  # noqa: PLC0415  # the same

    return sample_set() if judged is None else judged_set(judged)


class LogFile:
    """Keeps the lines of all parts in one file, each with the name of its part."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", buffering=1)

    def __call__(self, name: str, line: str) -> None:
        """Writes one line."""
        self._file.write(f"{name:>8} │ {line}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _report(chosen: "DemoSet", seconds: float, asked: list[Asked]) -> dict[str, object]:
    return {
        "products": chosen.total,
        "ingest_seconds": round(seconds, 3),
        "searches": [each.document() for each in asked],
    }
