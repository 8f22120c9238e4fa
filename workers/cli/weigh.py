"""`triseek align weigh`: what dev decides of an artifact that is trained already."""

from pathlib import Path

import click
import torch
from rich.console import Console

from workers.alignment.card import save_card
from workers.alignment.opening import open_alignment
from workers.alignment.tuned import tuned_encodings
from workers.cli.options import LIMITS, cache_option, data_option, encoders_option, progress_bar, threads_option
from workers.encoders.choice import parse
from workers.encodings import Encodings
from workers.evaluation.judged import load_judged_set
from workers.training.weighing import told, weighed
from workers.transcripts import Transcripts


@click.command()
@click.argument("artifact", type=click.Path(path_type=Path, exists=True, file_okay=False))
@data_option
@encoders_option
@cache_option
@threads_option
def weigh(artifact: Path, data: tuple[Path, ...], encoders: str, cache: Path, threads: int) -> None:
    """Choose anew on dev how much modalities, words and transcripts count in ARTIFACT, and what its scores mean.

    Its vectors stay what they are, so that nothing needs to be embedded again.
    """
    torch.set_num_threads(threads)
    console = Console()
    alignment, cards = open_alignment(artifact, parse(encoders))
    judged = [load_judged_set(folder) for folder in data]
    with progress_bar(console) as progress:
        encodings = tuned_encodings(Encodings(cache, cards, LIMITS, progress), artifact, alignment.card)
        found = weighed(judged, encodings, alignment, Transcripts(cache, threads, LIMITS, progress))
    save_card(artifact, found.card)
    for line in told(found.card):
        console.print(line, highlight=False)
