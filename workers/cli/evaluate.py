"""`triseek evaluate`: the cross-modal matrix of a judged set."""

import json
from pathlib import Path

import click
import torch
from rich.console import Console

from workers.alignment.artifact import DEFAULT, load_alignment
from workers.cli.options import cache_option, data_option, encodings, threads_option
from workers.encoders import registry
from workers.evaluation.judged import load_judged_set
from workers.evaluation.matrix import judge, rows
from workers.evaluation.report import document, table


@click.command()
@data_option
@click.option("--split", help="Only the queries of this split and those of every split.")
@click.option("--alignment", type=click.Path(path_type=Path), default=DEFAULT, help="An artifact's folder.")
@click.option("--rerank", is_flag=True, help="Re-rank by attention, in the rows against all.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the matrix to this file.")
@cache_option
@threads_option
def evaluate(
    data: tuple[Path, ...],
    split: str | None,
    alignment: Path,
    rerank: bool,
    json_file: Path | None,
    cache: Path,
    threads: int,
) -> None:
    """Score text, picture and spoken queries against each modality of a judged set's products, and against all."""
    torch.set_num_threads(threads)
    console = Console()
    cards = registry.default_cards()
    loaded = load_alignment(alignment, cards)
    documents = []
    with encodings(cache, cards, console) as encoded:
        for folder in data:
            judged = load_judged_set(folder)
            found = rows(judge(judged, split, encoded, loaded, rerank=rerank))
            console.print(table(f"{judged.name}{f', split {split}' if split else ''}", found))
            space = " ".join(f"{modality}={card.id}" for modality, card in cards.items())
            documents.append(document(loaded.card.sha256, f"{space} dim={loaded.card.dim}", found))
        for why in encoded.unreadable.values():
            console.print(f"left out: {why}", highlight=False)
    if json_file is not None:
        written = documents[0] if len(documents) == 1 else documents
        json_file.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
