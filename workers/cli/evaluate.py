"""`triseek evaluate`: the cross-modal matrix of a judged set."""

import json
from collections.abc import Mapping
from pathlib import Path

import click
import torch
from rich.console import Console

from app.settings import alignment_from_env
from app.types import EncoderCard, Modality
from workers.alignment.artifact import DEFAULT, Alignment
from workers.alignment.card import CARD, AlignmentCard
from workers.alignment.opening import open_alignment
from workers.alignment.tuned import tuned_encodings
from workers.cli.evaluate_set import Compared, SetEvaluation
from workers.cli.options import (
    LIMITS,
    OUTPUT_FILE,
    cache_option,
    data_option,
    encoders_option,
    progress_bar,
    threads_option,
)
from workers.encoders.choice import Choice, parse
from workers.encodings import Encodings
from workers.transcripts import Transcripts

Cards = Mapping[Modality, EncoderCard]


@click.command()
@data_option
@click.option("--split", help="Only the queries of this split and those of every split.")
@click.option(
    "--alignment",
    type=click.Path(path_type=Path),
    default=lambda: alignment_from_env() or DEFAULT,
    show_default="TRISEEK_ALIGNMENT, or the one that comes with Triseek",
    help="An artifact's folder.",
)
@click.option(
    "--against-alignment",
    type=click.Path(path_type=Path),
    help="Compare with this artifact on the same queries, by a paired test.",
)
@click.option(
    "--transcripts/--no-transcripts",
    default=True,
    help="Also compare recordings by what is heard in them (half a second each, once), by both, and as typed.",
    show_default=True,
)
@click.option(
    "--mixed",
    is_flag=True,
    help="Also queries of two and three modalities: part by part, by their mean vector, by their fusion.",
)
@click.option(
    "--engine",
    type=click.Choice(["memory", "sql"]),
    default="memory",
    show_default=True,
    help="sql: also rank every query by a search's own SQL statement, and say whether the order is the same.",
)
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Write the matrix to this file.")
@click.option(
    "--html", type=click.Path(path_type=Path, file_okay=False), help="Write a page for each set into this folder."
)
@encoders_option
@cache_option
@threads_option
def evaluate(
    data: tuple[Path, ...],
    split: str | None,
    alignment: Path,
    against_alignment: Path | None,
    transcripts: bool,
    mixed: bool,
    engine: str,
    json_file: Path | None,
    html: Path | None,
    encoders: str,
    cache: Path,
    threads: int,
) -> None:
    """Score text, picture and spoken queries against each modality of a judged set's products, and against all."""
    torch.set_num_threads(threads)
    console, choice = Console(), parse(encoders)
    loaded, cards = open_alignment(alignment, choice)
    if alignment != DEFAULT:
        console.print(f"Alignment: {alignment}", highlight=False, soft_wrap=True)
    with progress_bar(console) as progress:
        plain = Encodings(cache, cards, LIMITS, progress)
        other = None
        if against_alignment is not None:
            beside, others = _other(against_alignment, choice, cards)
            plain_of_other = plain if others == cards else Encodings(cache, others, LIMITS, progress)
            other = _compared(against_alignment, beside, plain_of_other)
        own = _compared(alignment, loaded, plain)
        evaluation = SetEvaluation(
            own=own,
            other=other,
            heard=Transcripts(cache, threads, LIMITS, progress) if transcripts else None,
            split=split,
            mixed=mixed,
            sql=engine == "sql",
            html=html,
            console=console,
        )
        documents = [evaluation.run(folder) for folder in data]
        for why in own.encodings.unreadable.values():
            console.print(f"left out: {why}", highlight=False, soft_wrap=True)
    if json_file is not None:
        written = documents[0] if len(documents) == 1 else documents
        json_file.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    if evaluation.differing:
        raise click.ClickException(f"SQL and memory rank {evaluation.differing} queries differently.")


def _other(folder: Path, choice: Choice, cards: Cards) -> tuple[Alignment, Cards]:
    """The artifact to compare with; encoders that the first one does not have need a name, or be on the hub."""
    named = AlignmentCard.read(folder / CARD).encoders
    return open_alignment(folder, {own: value for own, value in choice.items() if named.get(own) == cards[own].id})


def _compared(folder: Path, alignment: Alignment, encodings: Encodings) -> Compared:
    own = tuned_encodings(encodings, folder, alignment.card)
    return Compared(name=str(folder), alignment=alignment, encodings=own)
