"""`triseek align`: trains an alignment on judged sets."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter

import click
import torch
from rich.console import Console
from rich.progress import Progress

from app.errors import JudgedSetInvalid
from app.types import EncoderCard, Modality
from workers.alignment.artifact import Alignment, AlignmentCard, save_alignment
from workers.alignment.mixing import name_of
from workers.alignment.network import AlignmentNetwork
from workers.cli.align_catalogue import CURVE, fit_catalogue
from workers.cli.options import LIMITS, cache_option, progress_bar, threads_option, train_data_option
from workers.encoders import registry
from workers.encodings import Encodings
from workers.evaluation.judged import JudgedSet, load_judged_set
from workers.evaluation.matrix import means
from workers.evaluation.report import table
from workers.training.class_names import ClassNames, class_names
from workers.training.curve import training_curve
from workers.training.dictionary import dictionary_pairs
from workers.training.loop import Checkpoint, TrainingSettings, train
from workers.training.mixed_sets import MixedSet, mixed_sets
from workers.training.mixing import choose_mixing
from workers.training.pairs import SMALLEST, PairSet, encode_pairs, pairs_of
from workers.training.selection import (
    TRANSCRIPT_SHARES,
    choose_shares,
    choose_transcript_share,
    dev_groups,
    dev_score,
    even_shares,
)
from workers.training.vocabulary import synthetic_pairs
from workers.transcripts import Transcripts

OUT = Path(".triseek/alignment")
DICTIONARY = 60_000  # words


@click.group()
def align() -> None:
    """Train the network that brings text, picture and speech into one space."""


@align.command("train")
@train_data_option
@click.option("--catalogue", help="Fit the present alignment to the products of this catalogue instead.")
@click.option("--out", type=click.Path(path_type=Path), default=OUT, show_default=True, help="The artifact's folder.")
@click.option("--steps", type=click.IntRange(1), help="Of the first stage; as many as the data needs unless told.")
@click.option("--seed", type=int, default=TrainingSettings.seed, show_default=True)
@click.option("--synthetic/--no-synthetic", default=True, help="Also learn from synthetic speech.", show_default=True)
@click.option(
    "--dictionary",
    type=click.IntRange(0),
    default=DICTIONARY,
    show_default=True,
    help="Also learn from so many words of a Chinese-English dictionary.",
)
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
    torch.set_num_threads(threads)
    console, started = Console(), perf_counter()
    if catalogue is not None:
        fit_catalogue(catalogue, out, steps, seed, cache, console)
        return
    settings = TrainingSettings(steps=steps or TrainingSettings.steps, seed=seed)
    judged = [load_judged_set(folder) for folder in data]
    cards = registry.default_cards()
    with progress_bar(console) as progress:
        encoded = Encodings(cache, cards, LIMITS, progress)
        pairs = [pair for each in judged for pair in pairs_of(each)]
        if synthetic:
            pairs += synthetic_pairs(judged, seed)
        pairs += dictionary_pairs(seed, dictionary)
        sets = encode_pairs(pairs, encoded)
        if not sets:
            raise JudgedSetInvalid(
                f"There is too little to learn from in the train split of {', '.join(map(str, data))}:"
                f" no two modalities stand side by side at least {SMALLEST} times."
            )
        console.print(f"{sum(map(len, sets)):,} pairs in {len(sets)} sets, encoded in {perf_counter() - started:.0f} s")
        names = class_names(encoded)
        blank = blank_card(cards, settings, names)
        mixed = mixed_sets(judged, encoded)
        network, checkpoints, curve = _train(judged, encoded, sets, mixed, names, blank, settings, progress)
        shares = choose_shares(judged, encoded, network, blank)
        aligned = Alignment(network, replace(blank, shares=shares))
        heard = Transcripts(cache, threads, LIMITS, progress)
        aligned = aligned.with_transcript_share(choose_transcript_share(judged, encoded, aligned, heard))
        mixing = choose_mixing(judged, encoded, aligned, heard)
        rows = [means(group) for group in dev_groups(judged, encoded, aligned)]
    training = {
        "data": [each.name for each in judged],
        "synthetic_speech": synthetic,
        "dictionary": dictionary,
        "pairs": {each.name: len(each) for each in sets},
        "mixed": {each.name: len(each) for each in mixed},
        "settings": asdict(settings),
        "dev": [asdict(checkpoint) for checkpoint in checkpoints],
        "seconds": round(perf_counter() - started),
    }
    card = replace(aligned.card, mixing=mixing, training=training)
    save_alignment(out, network, card)
    (out / CURVE).write_text(curve, encoding="utf-8")
    console.print(table("dev", rows))
    for mixture, way in mixing.items():
        console.print(f"{name_of(mixture)} is ranked by {way}.", highlight=False)
    console.print(f"Wrote {out} in {perf_counter() - started:.0f} s.")


def blank_card(
    cards: Mapping[Modality, EncoderCard], settings: TrainingSettings, names: ClassNames | None
) -> AlignmentCard:
    """The card of a network that is still to be trained."""
    return AlignmentCard(
        encoders={card.modality: card.id for card in cards.values()},
        inputs={card.modality: card.dim for card in cards.values()},
        segments={card.modality: card.segments for card in cards.values()},
        hidden=settings.hidden,
        classifier=None if names is None else names.shape,
        dim=settings.dim,
        shares=even_shares(),
        ready=True,
        transcript_share=TRANSCRIPT_SHARES[0],
        sha256="",
    )


def _train(
    judged: Sequence[JudgedSet],
    encoded: Encodings,
    sets: Sequence[PairSet],
    mixed: Sequence[MixedSet],
    names: ClassNames | None,
    blank: AlignmentCard,
    settings: TrainingSettings,
    progress: Progress,
) -> tuple[AlignmentNetwork, list[Checkpoint], str]:
    """The network, the looks at dev, and the training curve."""
    losses: dict[str, list[float]] = {}
    steps = settings.steps + settings.language_steps + settings.speech_steps + settings.fusion_steps
    task = progress.add_task("training", total=steps)

    def dev(network: AlignmentNetwork) -> float:
        score = dev_score(judged, encoded, network, blank)
        (shown,) = [each for each in progress.tasks if each.id == task]
        progress.console.print(f"step {shown.completed:.0f}: dev MRR {score:.4f}")
        return score

    def on_step(stage: str, loss: float) -> None:
        losses.setdefault(stage, []).append(loss)
        progress.update(task, advance=1, description=f"training {stage}, loss {loss:.2f}")

    network, checkpoints = train(
        sets, blank.inputs, blank.segments, settings, class_names=names, mixed=mixed, dev=dev, on_step=on_step
    )
    progress.remove_task(task)
    return network, checkpoints, training_curve(losses, checkpoints)
