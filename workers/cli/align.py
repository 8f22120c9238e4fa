"""`triseek align`: trains an alignment."""

from pathlib import Path

import click
import torch
from rich.console import Console

from workers.cli.align_catalogue import CatalogueFit
from workers.cli.align_data import learn
from workers.cli.align_run import Run
from workers.cli.align_sources import Sources
from workers.cli.device import device_option
from workers.cli.losses import chosen_losses, loss_option
from workers.cli.options import cache_option, encoders_option, threads_option, train_data_option
from workers.encoders.choice import parse
from workers.training.settings import TrainingSettings

OUT = Path(".triseek/alignment")
DICTIONARY = 30_000  # words


@click.group()
def align() -> None:
    """Train the network that brings text, picture and speech into one space."""


@align.command("train")
@train_data_option
@click.option("--catalogue", help="Fit the alignment that answers this catalogue's searches to its products instead.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=OUT,
    show_default=True,
    help="The artifact's folder.",
)
@click.option("--steps", type=click.IntRange(1), help="Of the first stage; as many as the data needs unless told.")
@click.option("--seed", type=int, default=TrainingSettings.seed, show_default=True)
@click.option("--synthetic/--no-synthetic", default=True, help="Also learn from synthetic speech.", show_default=True)
@click.option(
    "--translations",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Also learn from the FreeDict dictionaries in this folder (/usr/share/dictd has those of Debian's packages).",
)
@click.option(
    "--dictionary",
    type=click.IntRange(0),
    default=DICTIONARY,
    show_default=True,
    help="Also learn from so many words of a Chinese-English dictionary.",
)
@click.option(
    "--views",
    type=click.IntRange(0),
    default=TrainingSettings.views,
    show_default=True,
    help="Also learn from so many changed views of each picture, and wordings of each text.",
)
@click.option(
    "--recording-views",
    type=click.IntRange(0),
    default=TrainingSettings.recording_views,
    show_default=True,
    help="Also learn from so many changed views of each recording: faster, slower, in noise, in a room.",
)
@click.option(
    "--unfreeze",
    type=click.IntRange(0),
    default=TrainingSettings.unfreeze,
    show_default=True,
    help="Also train so many last blocks of the picture encoder, after all else; slow without a GPU.",
)
@loss_option
@click.option("--resume", is_flag=True, help="Go on from the checkpoint that an interrupted training left in --out.")
@device_option
@encoders_option
@cache_option
@threads_option
def train_command(
    data: tuple[Path, ...],
    catalogue: str | None,
    out: Path,
    steps: int | None,
    seed: int,
    synthetic: bool,
    dictionary: int,
    translations: Path | None,
    views: int,
    recording_views: int,
    unfreeze: int,
    losses: tuple[tuple[str, str], ...],
    resume: bool,
    device: torch.device,
    encoders: str,
    cache: Path,
    threads: int,
) -> None:
    """Learn from judged sets, or fit what is there to a catalogue's own products; write one artifact.

    From judged sets (--data) everything is learnt anew from their train split, and what is best on their dev split
    (val) is kept. From a catalogue (--catalogue) the pictures of most of its products are learnt, and the others say
    whether the artifact is ready to be used.
    """
    if bool(data) == (catalogue is not None):
        raise click.UsageError("Give either --data, once or several times, or --catalogue.")
    if (resume or views or recording_views or unfreeze) and catalogue is not None:
        raise click.UsageError(
            "--resume, --views, --recording-views and --unfreeze go with --data, not with --catalogue."
        )
    torch.set_num_threads(threads)
    console = Console()
    if catalogue is not None:
        CatalogueFit(
            catalogue=catalogue,
            out=out,
            steps=steps,
            seed=seed,
            losses=chosen_losses(losses),
            encoders=parse(encoders),
            cache=cache,
            device=device,
            console=console,
        ).run()
        return
    settings = TrainingSettings(
        steps=steps or TrainingSettings.steps,
        seed=seed,
        views=views,
        recording_views=recording_views,
        unfreeze=unfreeze,
        losses=chosen_losses(losses),
    )
    run = Run(
        settings=settings,
        encoders=parse(encoders),
        out=out,
        cache=cache,
        threads=threads,
        device=device,
        resume=resume,
    )
    learn(Sources(folders=data, synthetic=synthetic, dictionary=dictionary, translations=translations), run, console)
