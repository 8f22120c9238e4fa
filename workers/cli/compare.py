"""`triseek align compare`: the same training with one choice of encoders after another."""

import json
from pathlib import Path

import click
import torch
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from app.errors import WeightsInvalid
from workers.cli.align_sources import Sources
from workers.cli.compare_choice import DEFAULTS, Compared, read_choice
from workers.cli.compare_run import METRICS, Comparison, Measured
from workers.cli.options import OUTPUT_FILE, cache_option, data_option, progress_bar, threads_option


@click.command("compare")
@data_option
@click.option(
    "--choice",
    "choices",
    multiple=True,
    default=DEFAULTS,
    metavar="NAME=ENCODERS",
    help="As --encoders of `align train` takes them, with dim=N and pooling=mean (over segments, tokens or cells)"
    " among them if wanted; may be given several times. Without any: the packaged encoders beside the default ones.",
)
@click.option("--steps", type=click.IntRange(1), default=150, show_default=True, help="Of each stage.")
@click.option("--most", type=click.IntRange(1), default=1500, show_default=True, help="Products of train, of each set.")
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Write the table to this file, as it grows.")
@cache_option
@threads_option
def compare(
    data: tuple[Path, ...],
    choices: tuple[str, ...],
    steps: int,
    most: int,
    json_file: Path | None,
    cache: Path,
    threads: int,
) -> None:
    """Train the heads once for each choice of encoders, and measure what each finds on dev and how long it takes.

    All learn from the train splits by the same seed and steps, without synthetic speech and dictionaries. Text and
    picture are trained and measured apart from speech: a choice that changes only one of the two leaves out the other.
    """
    compared = _read(choices)
    torch.set_num_threads(threads)
    console = Console()
    judged = Sources(folders=data, synthetic=False, dictionary=0, translations=None).judged(console)
    measured: list[Measured] = []
    with progress_bar(console) as progress:
        comparison = Comparison(judged, steps, most, cache, progress)
        for choice in compared:
            try:
                measured.append(comparison.measure(choice))
            except WeightsInvalid as error:
                console.print(f"left out: {choice.name}: {error.detail}", highlight=False, soft_wrap=True)
                continue
            console.print(f"{choice.name} is measured.", highlight=False)
            if json_file is not None:
                written = json.dumps([each.document() for each in measured], indent=2, ensure_ascii=False)
                json_file.write_text(written + "\n", encoding="utf-8")
    console.print(_table(measured))


def _read(choices: tuple[str, ...]) -> list[Compared]:
    found = [read_choice(choice) for choice in choices]
    for each in found:
        if sum(each.name == other.name for other in found) > 1:
            raise click.BadParameter(f"Two choices are named {each.name!r}.", param_hint="--choice")
    return found


def _table(measured: list[Measured]) -> Table:
    """A row for each choice and what is asked of it; numbers and milliseconds are of the encoder of the query."""
    table = Table(box=SIMPLE, pad_edge=False, collapse_padding=True)
    for name in ("choice", "set", "asked"):
        table.add_column(name, no_wrap=name == "set", overflow="fold")
    for name in ("n", *METRICS, "numbers", "ms"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in measured:
        for row in each.rows:
            card = each.cards[row.modality]
            values = [f"{row.metrics[name]:.3f}" for name in METRICS]
            own = [f"{card.dim:,}", f"{each.milliseconds[row.modality]:.1f}"]
            table.add_row(each.choice.name, row.set, f"{row.query} → {row.against}", str(row.n), *values, *own)
        table.add_section()
    return table
