"""`triseek align train --data`: learns an alignment from judged sets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter

import torch
from rich.console import Console
from rich.progress import Progress

from app.errors import JudgedSetInvalid
from app.types import EncoderCard, Modality
from workers.alignment.artifact import Alignment, AlignmentCard, save_alignment
from workers.alignment.network import AlignmentNetwork
from workers.cli.options import LIMITS, progress_bar
from workers.encoders import registry
from workers.encodings import Encodings
from workers.evaluation.judged import JudgedSet, load_judged_set
from workers.evaluation.matrix import means
from workers.evaluation.report import table
from workers.training.checkpoint import CheckpointFile
from workers.training.class_names import ClassNames, class_names
from workers.training.curve import training_curve
from workers.training.dictionary import dictionary_pairs
from workers.training.fingerprint import fingerprint
from workers.training.held_out import with_dev
from workers.training.loop import train
from workers.training.pair_sets import SMALLEST, PairSet, encode_pairs
from workers.training.pairs import Pair, pairs_of
from workers.training.selection import (
    TRANSCRIPT_SHARES,
    choose_shares,
    choose_transcript_share,
    dev_groups,
    dev_score,
    even_shares,
)
from workers.training.settings import TrainingSettings
from workers.training.steps import Look
from workers.training.views import Views
from workers.training.vocabulary import synthetic_pairs
from workers.transcripts import Transcripts

CURVE = "training.svg"


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What is learnt from."""

    folders: Sequence[Path]  # judged sets
    synthetic: bool  # whether synthetic speech is, too
    dictionary: int  # words of the Chinese-English dictionary

    def judged(self, console: Console) -> list[JudgedSet]:
        """The judged sets, each with something to judge by; says what they lack."""
        found = [load_judged_set(folder) for folder in self.folders]
        for missing in (path for each in found for path in each.missing):
            console.print(f"left out: {missing} is missing", highlight=False)
        judged = with_dev(found)
        if judged != found:
            console.print("No split val: products of train are kept apart to judge by, and not learnt from.")
        return judged

    def sets(self, judged: Sequence[JudgedSet], encoded: Encodings, settings: TrainingSettings) -> list[PairSet]:
        """The encoded pairs.

        Raises:
            JudgedSetInvalid: the judged sets pair no two modalities often enough.
        """
        own = [pair for each in judged for pair in pairs_of(each)]
        views = Views(count=settings.views, seed=settings.seed)
        sets = encode_pairs([*own, *self._general(judged, settings.seed)], encoded, views)
        crossing = {pair.set for pair in own if pair.left[0] is not pair.right[0]}
        if not crossing & {each.name for each in sets}:
            raise JudgedSetInvalid(
                f"There is too little to learn from in the train split of {', '.join(map(str, self.folders))}:"
                f" no two modalities stand side by side at least {SMALLEST} times."
            )
        return sets

    def _general(self, judged: Sequence[JudgedSet], seed: int) -> Iterator[Pair]:
        if self.synthetic:
            yield from synthetic_pairs(judged, seed)
        yield from dictionary_pairs(seed, self.dictionary)


@dataclass(frozen=True, kw_only=True)
class Run:
    """How and where it is learnt."""

    settings: TrainingSettings
    out: Path  # the artifact's folder
    cache: Path
    threads: int
    device: torch.device
    resume: bool  # whether to go on from the checkpoint in `out`


def learn(sources: Sources, run: Run, console: Console) -> None:
    """Learns everything anew from judged sets' train split, keeps what is best on dev, and writes an artifact.

    Raises:
        JudgedSetInvalid: a judged set is invalid, or has too little to learn from.
        CheckpointInvalid: there is no checkpoint of this very training to go on from.
    """
    started = perf_counter()
    judged, cards = sources.judged(console), registry.default_cards()
    with progress_bar(console) as progress:
        encoded = Encodings(run.cache, cards, LIMITS, progress, run.device.type)
        sets = sources.sets(judged, encoded, run.settings)
        for why in encoded.unreadable.values():
            console.print(f"left out: {why}", highlight=False)
        console.print(f"{sum(map(len, sets)):,} pairs in {len(sets)} sets, encoded in {perf_counter() - started:.0f} s")
        names = class_names(encoded)
        blank = blank_card(cards, run.settings, names)
        checkpoint = CheckpointFile(run.out, fingerprint(judged, sets, blank, run.settings))
        network, looks, curve = _train(judged, encoded, sets, names, blank, run, checkpoint, progress)
        shares = choose_shares(judged, encoded, network, blank)
        aligned = Alignment(network, replace(blank, shares=shares))
        heard = Transcripts(run.cache, run.threads, LIMITS, progress)
        transcript_share = choose_transcript_share(judged, encoded, aligned, heard)
        rows = [means(group) for group in dev_groups(judged, encoded, aligned)]
    training = {
        "data": [each.name for each in judged],
        "synthetic_speech": sources.synthetic,
        "dictionary": sources.dictionary,
        "pairs": {each.name: len(each) for each in sets},
        "settings": asdict(run.settings),
        "dev": [asdict(look) for look in looks],
        "seconds": round(perf_counter() - started),
    }
    save_alignment(run.out, network, replace(aligned.card, transcript_share=transcript_share, training=training))
    (run.out / CURVE).write_text(curve, encoding="utf-8")
    checkpoint.remove()
    console.print(table("dev", rows))
    console.print(f"Wrote {run.out} in {perf_counter() - started:.0f} s.")


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
    names: ClassNames | None,
    blank: AlignmentCard,
    run: Run,
    checkpoint: CheckpointFile,
    progress: Progress,
) -> tuple[AlignmentNetwork, list[Look], str]:
    """The network, the looks at dev, and the training curve."""
    settings, losses = run.settings, dict[str, list[float]]()
    steps = settings.steps + settings.language_steps + settings.speech_steps + settings.fusion_steps
    task, seen = progress.add_task("training", total=steps), ""

    def dev(network: AlignmentNetwork) -> float:
        nonlocal seen
        score = dev_score(judged, encoded, network, blank)
        seen = f", dev MRR {score:.4f}"
        progress.console.print(f"step {sum(map(len, losses.values()))}{seen}")
        return score

    def on_step(stage: str, loss: float) -> None:
        losses.setdefault(stage, []).append(loss)
        progress.update(task, advance=1, description=f"training {stage}, loss {loss:.2f}{seen}")

    try:
        network, looks = train(
            sets,
            blank.inputs,
            blank.segments,
            settings,
            class_names=names,
            dev=dev,
            on_step=on_step,
            device=run.device,
            checkpoint=checkpoint,
            resume=run.resume,
        )
    except KeyboardInterrupt:
        kept = "Interrupted. The same command with --resume goes on from the last checkpoint."
        progress.console.print(kept if checkpoint.path.is_file() else "Interrupted, before there was any checkpoint.")
        raise
    progress.remove_task(task)
    return network, looks, training_curve(losses, looks)
