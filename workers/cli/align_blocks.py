"""`triseek align train --unfreeze N`: the picture encoder's last blocks, trained after everything else."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from app.types import Modality
from workers.alignment.artifact import TUNED
from workers.alignment.card import AlignmentCard, tuned_card
from workers.alignment.network import AlignmentNetwork
from workers.alignment.tuned import weights_of
from workers.cli.options import LIMITS
from workers.encoders import registry
from workers.encoders.base import Encoder
from workers.encoders.image import ImageEncoder
from workers.encoders.unfreezing import last_blocks
from workers.encodings import Encodings, FileContent
from workers.evaluation.judged import JudgedSet
from workers.training.pair_sets import PairSet
from workers.training.pairs import pairs_of
from workers.training.selection import dev_score
from workers.training.settings import TrainingSettings
from workers.training.steps import Look
from workers.training.tune import tune_pictures

CROSSED = frozenset({Modality.TEXT, Modality.IMAGE})


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """What training has come to."""

    network: AlignmentNetwork
    encoded: Encodings  # by the encoders that belong to the network
    blank: AlignmentCard
    looks: list[Look]
    blocks: bytes = field(default=b"", repr=False)  # the file of the encoder's own last blocks, if it has some

    def write_blocks(self, folder: Path) -> None:
        """Writes the encoder's own last blocks beside the alignment, if it has some."""
        if self.blocks:
            (folder / TUNED).write_bytes(self.blocks)
        else:
            (folder / TUNED).unlink(missing_ok=True)


def unfreezable(encoded: Encodings, settings: TrainingSettings) -> ImageEncoder | None:
    """The picture encoder whose last blocks are to be trained; none if none are.

    Raises:
        EncoderFixed: it has no such blocks.
    """
    if not settings.unfreeze:
        return None
    encoder: Encoder[Any] = registry.load(encoded.cards[Modality.IMAGE], encoded.device)
    last_blocks(encoder, settings.unfreeze)
    assert isinstance(encoder, ImageEncoder)
    return encoder


def train_blocks(
    learnt: Learnt,
    encoder: ImageEncoder,
    judged: Sequence[JudgedSet],
    sets: Sequence[PairSet],
    settings: TrainingSettings,
    console: Console,
    on_step: Callable[[str, float], None],
) -> Learnt:
    """Trains them, and keeps them if dev is better with them than without."""
    if encoder.device.type == "cpu":
        console.print(f"Training {settings.unfreeze} blocks of {encoder.card.name} on a CPU, which is slow.")

    def dev(network: AlignmentNetwork) -> float:
        with TemporaryDirectory() as cache:  # each look is at another encoder
            return dev_score(judged, learnt.encoded.with_encoder(encoder, Path(cache)), network, learnt.blank)

    before = dev_score(judged, learnt.encoded, learnt.network, learnt.blank)
    crossed = [each for each in sets if each.modalities == CROSSED]
    network, looks = tune_pictures(
        learnt.network, encoder, crossed, _pictures(judged), settings, LIMITS, dev=dev, on_step=on_step
    )
    after, looks = max(look.dev for look in looks), [*learnt.looks, *looks]
    kept = after > before
    console.print(f"dev MRR {before:.4f} without own blocks, {after:.4f} with: they are {'kept' if kept else 'left'}.")
    if not kept:
        return replace(learnt, looks=looks)
    blocks = weights_of(encoder, settings.unfreeze)
    sha256 = hashlib.sha256(blocks).hexdigest()
    encoder.card = tuned_card(encoder.card, sha256)
    encoders = {**learnt.blank.encoders, Modality.IMAGE: encoder.card.id}
    blank = replace(learnt.blank, encoders=encoders, tuned={Modality.IMAGE: sha256})
    return Learnt(
        network=network, encoded=learnt.encoded.with_encoder(encoder), blank=blank, looks=looks, blocks=blocks
    )


def _pictures(judged: Sequence[JudgedSet]) -> dict[str, FileContent]:
    """The pictures of all pairs by their keys."""
    sides = [side for each in judged for pair in pairs_of(each) for side in (pair.left, pair.right)]
    found = {
        content
        for modality, content in sides
        if modality is Modality.IMAGE and isinstance(content, FileContent) and content.path.is_file()
    }
    return {content.key: content for content in found}
