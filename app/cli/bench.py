"""`triseek bench`: how long things take, on the embedded stack."""

import json
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console

from app.cli.demo import server_on
from app.cli.demo_searches import Asked, ask, summary
from app.cli.demo_upload import upload
from app.cli.progress import bars
from app.cli.search import STEPS
from app.cli.server import DATA
from app.client import Client


@click.group()
def bench() -> None:
    """Measure how long things take."""


@bench.command()
@click.option("--rounds", type=click.IntRange(1, 1000), default=5, show_default=True, help="How often each query runs.")
@click.option("--json", "report", type=click.Path(dir_okay=False, path_type=Path), help="Write what was measured here.")
@click.option("--data", "state", type=click.Path(path_type=Path), default=DATA, help="Where the stack keeps its data.")
def query(rounds: int, report: Path | None, state: Path) -> None:
    """Search the sample catalogue over HTTP, one query at a time: end to end, and what it is made of."""
    from app.sample.sets import sample_set  # noqa: PLC0415  # only the embedded extra brings what it is made of

    console, chosen = Console(), sample_set()
    with ExitStack() as opened:
        url, key, _ = server_on(state, opened, console)
        client = opened.enter_context(Client(url, key))
        upload(client, chosen, console)
        asked: list[Asked] = []
        with bars(console) as progress:
            task = progress.add_task("searching", total=(rounds + 1) * len(chosen.queries))
            for number in range(rounds + 1):
                for held_out in chosen.queries:
                    found = ask(client, chosen.name, held_out)
                    if number:  # the first round warms up
                        asked.append(found)
                    progress.advance(task)
    console.print(summary(asked))
    if report is not None:
        report.write_text(json.dumps(_report(asked), indent=2) + "\n", encoding="utf-8")


def _report(asked: Sequence[Asked]) -> dict[str, object]:
    return {
        kind: _times([each for each in asked if each.query.kind == kind])
        for kind in dict.fromkeys(each.query.kind for each in asked)
    }


def _times(asked: Sequence[Asked]) -> dict[str, float]:
    walls = sorted(each.wall_ms for each in asked)
    steps = {step: round(statistics.median(each.took_ms[step] for each in asked), 1) for step in STEPS}
    p95 = walls[min(len(walls) - 1, int(0.95 * len(walls)))]
    return {"n": len(asked), "p50": round(statistics.median(walls), 1), "p95": round(p95, 1), **steps}
