"""`triseek align leave-one-out`: how well pictures of a trade are found that training never saw."""

import json
from collections.abc import Sequence
from pathlib import Path

import click
import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from app.types import Modality
from workers.alignment.artifact import Alignment
from workers.cli.align_run import blank_card
from workers.cli.options import (
    LIMITS,
    OUTPUT_FILE,
    cache_option,
    data_option,
    encoders_option,
    progress_bar,
    threads_option,
)
from workers.encoders.choice import cards_of, parse
from workers.encodings import Encodings
from workers.evaluation.judged import JudgedSet, load_judged_set
from workers.evaluation.judging import judge
from workers.evaluation.matrix import groups, means
from workers.training.class_names import ClassNames, class_names
from workers.training.loop import train
from workers.training.pair_sets import PairSet, encode_pairs
from workers.training.pairs import pairs_of
from workers.training.phrases import phrase_pairs
from workers.training.settings import TrainingSettings

PAIRS, NAMES, BOTH = "pairs alone", "class names alone", "both"


@click.command("leave-one-out")
@data_option
@click.option("--steps", type=click.IntRange(1), default=150, show_default=True, help="Of each training.")
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Write the table to this file.")
@encoders_option
@cache_option
@threads_option
def leave_one_out(
    data: tuple[Path, ...], steps: int, json_file: Path | None, encoders: str, cache: Path, threads: int
) -> None:
    """Train on all judged sets but one, and search that one's pictures by text; each set in turn.

    Beside each other: what pairs teach alone, what the names of the picture encoder's classes know alone, and both.
    """
    if len(data) < 2:
        raise click.UsageError("Give --data at least twice.")
    torch.set_num_threads(threads)
    console = Console()
    judged = [load_judged_set(folder) for folder in data]
    table = Table("left out", "queries", "index", *(f"{way}, R@10 (MRR)" for way in (PAIRS, NAMES, BOTH)))
    rows = []
    with progress_bar(console) as progress:
        encoded = Encodings(cache, cards_of(parse(encoders)), LIMITS, progress)
        names = class_names(encoded)
        sets = {each.name: _pictured(each, encoded) for each in judged}
        for left in judged:
            others = [own for name, of_set in sets.items() if name != left.name for own in of_set]
            found = {
                way: _found(
                    left, others, encoded, known, TrainingSettings(steps=count), f"without {left.name}", progress
                )
                for way, known, count in ((PAIRS, None, steps), (NAMES, names, 0), (BOTH, names, steps))
            }
            first = found[BOTH]
            cells = [f"{own['R@10']:.3f} ({own['MRR']:.3f})" for own in found.values()]
            table.add_row(left.name, f"{first['n']:.0f}", f"{first['index']:.0f}", *cells)
            rows.append({"left_out": left.name, **found})
    console.print(table)
    if json_file is not None:
        json_file.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _pictured(judged: JudgedSet, encoded: Encodings) -> list[PairSet]:
    """The pairs of a set in which nothing is said."""
    pairs = [pair for pair in pairs_of(judged) if Modality.SPEECH not in (pair.left[0], pair.right[0])]
    return encode_pairs([*pairs, *phrase_pairs(judged, TrainingSettings.seed)], encoded)


def _found(
    left: JudgedSet,
    sets: Sequence[PairSet],
    encoded: Encodings,
    names: ClassNames | None,
    settings: TrainingSettings,
    title: str,
    progress: Progress,
) -> dict[str, float]:
    """How often texts find the pictures of the set that is left out, all its splits together."""
    blank = blank_card(encoded.cards, settings, names)
    task = progress.add_task(title, total=settings.steps)
    network, _ = train(
        sets,
        blank.inputs,
        blank.segments,
        TrainingSettings(steps=settings.steps, language_steps=0, fusion_steps=0),
        class_names=names,
        dev=lambda _: 0.0,
        on_step=lambda _stage, _loss: progress.advance(task),
    )
    progress.remove_task(task)
    judgements = judge(left, None, encoded, Alignment(network, blank))
    (group,) = [
        own
        for own in groups(judgements)
        if (own.query, own.against, own.kind, own.lang) == (Modality.TEXT, Modality.IMAGE, "", "")
    ]
    row = means(group)
    return {"n": row.n, "index": row.index, **row.metrics}
