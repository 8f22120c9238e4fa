"""`triseek evaluate`: the cross-modal matrix of a judged set."""

import json
from collections.abc import Mapping
from pathlib import Path

import click
import torch
from rich.console import Console

from app.errors import JudgedSetInvalid
from app.types import EncoderCard, Modality
from workers.alignment.artifact import CARD, DEFAULT, Alignment, AlignmentCard
from workers.alignment.opening import open_alignment
from workers.alignment.tuned import tuned_encodings
from workers.cli.options import LIMITS, cache_option, data_option, encoders_option, progress_bar, threads_option
from workers.encoders.choice import Choice, parse
from workers.encodings import Encodings
from workers.evaluation.comparison import compare
from workers.evaluation.judged import load_judged_set
from workers.evaluation.judging import batches, judge
from workers.evaluation.matrix import groups, means
from workers.evaluation.mixed_report import mixed_document, mixed_rows, mixed_table
from workers.evaluation.mixed_scores import judge_mixed
from workers.evaluation.page import page, write_page
from workers.evaluation.products import usual_index
from workers.evaluation.report import comparison_document, comparison_table, document, table
from workers.evaluation.sql_engine import agreement, database
from workers.transcripts import Transcripts

Cards = Mapping[Modality, EncoderCard]


@click.command()
@data_option
@click.option("--split", help="Only the queries of this split and those of every split.")
@click.option("--alignment", type=click.Path(path_type=Path), default=DEFAULT, help="An artifact's folder.")
@click.option(
    "--against-alignment",
    type=click.Path(path_type=Path),
    help="Compare with this artifact on the same queries, by a paired test.",
)
@click.option("--rerank", is_flag=True, help="Re-rank by attention, in the rows against all.")
@click.option(
    "--transcripts/--no-transcripts",
    default=True,
    help="Also compare recordings by what they say, and by both; about half a second each, once.",
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
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the matrix to this file.")
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
    rerank: bool,
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
    console = Console()
    choice = parse(encoders)
    loaded, cards = open_alignment(alignment, choice)
    other, others = (None, cards) if against_alignment is None else _other(against_alignment, choice, cards)
    space = (
        " ".join(f"{modality}={encoder}" for modality, encoder in loaded.card.encoders.items())
        + f" dim={loaded.card.dim}"
    )
    documents, differing = [], 0
    with progress_bar(console) as progress:
        plain = Encodings(cache, cards, LIMITS, progress)
        encoded = encoded_by_other = tuned_encodings(plain, alignment, loaded.card)
        if other is not None and against_alignment is not None:
            plain_of_other = plain if others == cards else Encodings(cache, others, LIMITS, progress)
            encoded_by_other = tuned_encodings(plain_of_other, against_alignment, other.card)
        heard = Transcripts(cache, threads, LIMITS, progress) if transcripts else None
        for folder in data:
            judged = load_judged_set(folder)
            if not judged.of_split(split):
                raise JudgedSetInvalid(f"{folder} has no query of split {split!r}, only of {', '.join(judged.splits)}.")
            if judged.missing:
                console.print(
                    f"Left out, since files are missing: {len(judged.missing)}, among them {judged.missing[0]}"
                )
            title = f"{judged.name}{f', split {split}' if split else ''}"
            judgements = judge(judged, split, encoded, loaded, rerank=rerank, transcripts=heard)
            found = [means(group) for group in groups(judgements)]
            console.print(table(title, found))
            if engine == "sql":
                with database() as session:
                    agreed = agreement(session, batches(judged, split, encoded, loaded), loaded)
                console.print(f"{title}: {agreed}", highlight=False)
                differing += len(agreed.differing)
            comparison = None
            if other is not None:
                compared = compare(
                    judgements, judge(judged, split, encoded_by_other, other, rerank=rerank, transcripts=heard)
                )
                console.print(comparison_table(f"{title}: less what {against_alignment} finds", compared))
                comparison = comparison_document(other.card.sha256, compared)
            rows = None
            if mixed:
                rows = mixed_rows(judge_mixed(judged, split, encoded, loaded, transcripts=heard), loaded)
                console.print(mixed_table(f"{title}: mixed queries", rows))
            if html is not None:
                index = usual_index(judged, split, encoded, loaded)
                console.print(f"Page: {write_page(html, judged.name, page(title, judged, judgements, index))}")
            documents.append(
                document(loaded.card.sha256, space, found, comparison, None if rows is None else mixed_document(rows))
            )
        for why in encoded.unreadable.values():
            console.print(f"left out: {why}", highlight=False)
    if json_file is not None:
        written = documents[0] if len(documents) == 1 else documents
        json_file.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    if differing:
        raise click.ClickException(f"SQL and memory rank {differing} queries differently.")


def _other(folder: Path, choice: Choice, cards: Cards) -> tuple[Alignment, Cards]:
    """The artifact to compare with; encoders that the first one does not have need a name, or be on the hub."""
    named = AlignmentCard.read(folder / CARD).encoders
    return open_alignment(folder, {own: value for own, value in choice.items() if named.get(own) == cards[own].id})
