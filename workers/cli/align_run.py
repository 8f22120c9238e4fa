"""A training of all heads that shows how far it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.progress import Progress

from app.types import EncoderCard, Modality
from workers.alignment.card import AlignmentCard
from workers.alignment.network import AlignmentNetwork
from workers.cli.align_blocks import Learnt
from workers.encoders.choice import Choice
from workers.encodings import Encodings
from workers.evaluation.judged import JudgedSet
from workers.training.checkpoint import CheckpointFile
from workers.training.class_names import ClassNames, class_names
from workers.training.fingerprint import fingerprint
from workers.training.loop import train
from workers.training.mixed_sets import MixedSet
from workers.training.pair_sets import PairSet
from workers.training.selection import TRANSCRIPT_SHARES, dev_score, even_shares
from workers.training.settings import TrainingSettings


@dataclass(frozen=True, kw_only=True)
class Run:
    """How and where it is learnt."""

    settings: TrainingSettings
    encoders: Choice
    out: Path  # the artifact's folder
    cache: Path
    threads: int
    device: torch.device
    resume: bool  # whether to go on from the checkpoint in `out`


class Training:
    """A training that shows how far it is, and says how to go on with it when it is interrupted."""

    def __init__(
        self,
        judged: Sequence[JudgedSet],
        encoded: Encodings,
        sets: Sequence[PairSet],
        mixed: Sequence[MixedSet],
        run: Run,
        progress: Progress,
    ) -> None:
        self.losses: dict[str, list[float]] = {}  # of every step of each stage
        self._judged, self._encoded, self._sets, self._mixed, self._run = judged, encoded, sets, mixed, run
        self._names = class_names(encoded)
        self._blank = blank_card(encoded.cards, run.settings, self._names)
        self.checkpoint = CheckpointFile(run.out, fingerprint(judged, [*sets, *mixed], self._blank, run.settings))
        own = run.settings
        total = own.steps + own.language_steps + own.speech_steps
        total += own.fusion_steps if mixed else 0
        total += own.unfreeze_steps if own.unfreeze else 0
        self._progress, self._task, self._seen = progress, progress.add_task("training", total=total), ""

    def heads(self) -> Learnt:
        """All stages of the heads and of the fusions.

        Raises:
            CheckpointInvalid: there is no checkpoint of this very training to go on from.
        """
        network, looks = train(
            self._sets,
            self._blank.inputs,
            self._blank.segments,
            self._run.settings,
            class_names=self._names,
            mixed=self._mixed,
            dev=self._dev,
            on_step=self.on_step,
            device=self._run.device,
            checkpoint=self.checkpoint,
            resume=self._run.resume,
        )
        return Learnt(network=network, encoded=self._encoded, blank=self._blank, looks=looks)

    def on_step(self, stage: str, loss: float) -> None:
        """Shows the step."""
        self.losses.setdefault(stage, []).append(loss)
        self._progress.update(self._task, advance=1, description=f"training {stage}, loss {loss:.2f}{self._seen}")

    def interrupted(self) -> str:
        """How to go on with it."""
        if not self.checkpoint.path.is_file():
            return "Interrupted. Nothing is kept yet: the same command begins anew."
        return "Interrupted. The same command with --resume goes on from the last checkpoint."

    def _dev(self, network: AlignmentNetwork) -> float:
        score = dev_score(self._judged, self._encoded, network, self._blank)
        self._seen = f", dev MRR {score:.4f}"
        self._progress.console.print(f"step {sum(map(len, self.losses.values()))}{self._seen}")
        return score


def blank_card(
    cards: Mapping[Modality, EncoderCard], settings: TrainingSettings, names: ClassNames | None
) -> AlignmentCard:
    """The card of a network that is still to be trained."""
    return AlignmentCard(
        encoders={card.modality: card.id for card in cards.values()},
        inputs={card.modality: card.dim for card in cards.values()},
        segments={card.modality: card.segments for card in cards.values()},
        hidden=settings.hidden,
        known=settings.known,
        classifier=None if names is None else names.shape,
        dim=settings.dim,
        shares=even_shares(),
        ready=True,
        transcript_share=TRANSCRIPT_SHARES[0],
        words_weight=0.0,
        sha256="",
    )
