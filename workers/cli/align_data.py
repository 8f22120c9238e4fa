"""`triseek align train --data`: learns an alignment from judged sets."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from time import perf_counter

from rich.console import Console

from workers.alignment.artifact import Alignment, save_alignment
from workers.cli.align_blocks import train_blocks, unfreezable
from workers.cli.align_run import Run, Training
from workers.cli.align_sources import Sources
from workers.cli.options import LIMITS, progress_bar
from workers.encoders.choice import cards_of
from workers.encodings import Encodings
from workers.evaluation.judged import JudgedSet
from workers.evaluation.matrix import means
from workers.evaluation.report import table
from workers.training.checkpoint import CheckpointFile
from workers.training.curve import training_curve
from workers.training.mixed_sets import MixedSet, mixed_sets
from workers.training.pair_sets import PairSet
from workers.training.selection import dev_groups
from workers.training.weighing import told, weighed
from workers.transcripts import Transcripts

CURVE = "training.svg"


def learn(sources: Sources, run: Run, console: Console) -> None:
    """Learns everything anew from judged sets' train split, keeps what is best on dev, and writes an artifact.

    Raises:
        JudgedSetInvalid: a judged set is invalid, or has too little to learn from.
        CheckpointInvalid: there is no checkpoint of this very training to go on from.
    """
    started = perf_counter()
    if run.resume:
        CheckpointFile.require(run.out)
    judged = sources.judged(console)
    with progress_bar(console) as progress:
        encoded = Encodings(run.cache, cards_of(run.encoders), LIMITS, progress, run.device.type)
        encoder = unfreezable(encoded, run.settings)
        sets, mixed = sources.sets(judged, encoded, run.settings), mixed_sets(judged, encoded)
        for why in encoded.unreadable.values():
            console.print(f"left out: {why}", highlight=False, soft_wrap=True)
        console.print(f"{sum(map(len, sets)):,} pairs in {len(sets)} sets, encoded in {perf_counter() - started:.0f} s")
        training = Training(judged, encoded, sets, mixed, run, progress)
        try:
            learnt = training.heads()
            if encoder is not None:
                learnt = train_blocks(learnt, encoder, judged, sets, run.settings, console, training.on_step)
        except KeyboardInterrupt:
            console.print(training.interrupted())
            raise
        heard = Transcripts(run.cache, run.threads, LIMITS, progress)
        aligned = weighed(judged, learnt.encoded, Alignment(learnt.network, learnt.blank), heard)
        rows = [means(group) for group in dev_groups(judged, learnt.encoded, aligned)]
    record = {
        **_learnt_from(sources, judged, sets, mixed),
        "settings": asdict(run.settings),
        "dev": [asdict(look) for look in learnt.looks],
        "seconds": round(perf_counter() - started),
    }
    save_alignment(run.out, learnt.network, replace(aligned.card, training=record))
    learnt.write_blocks(run.out)
    (run.out / CURVE).write_text(training_curve(training.losses, learnt.looks), encoding="utf-8")
    training.checkpoint.remove()
    console.print(table("dev", rows))
    for line in told(aligned.card):
        console.print(line, highlight=False)
    console.print(f"Wrote {run.out} in {perf_counter() - started:.0f} s.")


def _learnt_from(
    sources: Sources, judged: Sequence[JudgedSet], sets: Sequence[PairSet], mixed: Sequence[MixedSet]
) -> dict[str, object]:
    """What the card says of it."""
    return {
        "data": [each.name for each in judged],
        "synthetic_speech": sources.synthetic,
        "dictionary": sources.dictionary,
        "translations": sources.translations is not None,
        "pairs": {each.name: len(each) for each in sets},
        "mixed": {each.name: len(each) for each in mixed},
    }
