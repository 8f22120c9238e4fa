"""The stages of training: what each changes, and by which loss."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from app.types import Modality
from workers.alignment.network import AlignmentNetwork, ProjectionHead
from workers.alignment.picture_head import PictureHead
from workers.alignment.text_head import TextHead
from workers.training.batches import draw
from workers.training.features import featured, featured_loss
from workers.training.fusion_loss import FusionLoss
from workers.training.mixed_sets import MixedSet
from workers.training.pair_sets import PairSet
from workers.training.settings import TrainingSettings
from workers.training.standardise import standardise_learned
from workers.training.terms import hold_loss, set_loss


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A part of training: what it changes, by which loss, for how long."""

    name: str
    steps: int
    groups: list[dict[str, Any]]  # of parameters, as optimizers take them
    loss: Callable[[], Tensor]
    judged: bool  # whether dev chooses among its checkpoints


def stages_of(
    network: AlignmentNetwork,
    sets: Sequence[PairSet],
    mixed: Sequence[MixedSet],
    settings: TrainingSettings,
    chance: torch.Generator,
) -> Iterator[Stage]:
    """The stages that these sets can be learnt by, in their order; each is made when the one before is done."""
    spoken = [each for each in sets if Modality.SPEECH in each.modalities]
    named = [each for each in spoken if Modality.TEXT in each.modalities]
    others = [each for each in sets if Modality.SPEECH not in each.modalities]
    shown = [each for each in others if Modality.IMAGE in each.modalities]
    translated = [each for each in others if each.modalities == {Modality.TEXT}]
    texts = network.head(Modality.TEXT)
    if translated and settings.language_steps and isinstance(texts, TextHead):
        yield _languages(texts.eval(), translated, _shown(others), settings, chance)
    if shown:
        yield _heads(network.eval(), shown, settings, chance)
    if spoken:
        # Words name what is said better than pictures do: beside them, pairs with pictures only take away on dev.
        yield _speech(network.eval(), named or spoken, settings, chance)
    if mixed and settings.fusion_steps:
        fusions = FusionLoss(
            network.eval(), mixed, batch=settings.batch, temperature=settings.temperature, chance=chance
        )
        groups = [{"params": network.fusions.parameters(), "lr": settings.fusion_learning_rate}]
        yield Stage(name="fusions", steps=settings.fusion_steps, groups=groups, loss=fusions, judged=False)


def _languages(
    texts: TextHead,
    sets: Sequence[PairSet],
    held: Tensor,
    settings: TrainingSettings,
    chance: torch.Generator,
) -> Stage:
    """Brings texts to what the texts that they translate meant before, while held ones, (n, inputs), stay."""
    aimed = [each.aimed(texts.unpaired) for each in sets]
    with torch.no_grad():
        places = texts.unpaired(held.float())

    def loss() -> Tensor:
        found = set_loss(draw(aimed, 1, settings, chance)[0], texts.unpaired, nn.Identity(), settings, chance)
        return found + settings.hold * hold_loss(texts.unpaired, held, places, settings, chance)

    bent = [*texts.first.parameters(), *texts.second.parameters()]
    groups = [{"params": bent, "lr": settings.language_learning_rate}]
    # What dev asks is held where it is, so dev cannot tell when to stop: the last step, at rest, is kept.
    return Stage(name="languages", steps=settings.language_steps, groups=groups, loss=loss, judged=False)


def _heads(
    network: AlignmentNetwork, sets: Sequence[PairSet], settings: TrainingSettings, chance: torch.Generator
) -> Stage:
    """Brings texts to the pictures that they were shown with."""
    made = [featured(network, each) for each in sets]
    standardise_learned(network, made, settings.seed)

    def loss() -> Tensor:
        drawn = draw(made, settings.sets_per_step, settings, chance)
        return torch.stack([featured_loss(network, each, settings, chance) for each in drawn]).sum()

    groups = _head_groups(network, settings)
    return Stage(name="heads", steps=settings.steps, groups=groups, loss=loss, judged=True)


def _speech(
    network: AlignmentNetwork, sets: Sequence[PairSet], settings: TrainingSettings, chance: torch.Generator
) -> Stage:
    """Brings recordings to what they stand for."""
    head = network.head(Modality.SPEECH)
    aimed = [each.aimed(network.head(each.right.modality)) for each in sets]

    def loss() -> Tensor:
        return set_loss(draw(aimed, 1, settings, chance)[0], head, nn.Identity(), settings, chance)

    groups = [{"params": head.parameters(), "lr": settings.speech_learning_rate}]
    return Stage(name="speech", steps=settings.speech_steps, groups=groups, loss=loss, judged=True)


def _head_groups(network: AlignmentNetwork, settings: TrainingSettings) -> list[dict[str, Any]]:
    """What pairs teach the heads of text and picture: what they know without pairs stays."""
    taught: list[nn.Parameter] = []
    across: list[nn.Parameter] = []
    for head in (network.head(Modality.TEXT), network.head(Modality.IMAGE)):
        learning = head.learned if isinstance(head, TextHead | PictureHead) else head
        for name, own in learning.named_parameters():
            straight = isinstance(head, ProjectionHead) and name == "across.weight"
            (across if straight else taught).append(own)
    groups: list[dict[str, Any]] = [{"params": taught, "lr": settings.learning_rate}]
    if across:
        groups.append({"params": across, "lr": settings.across_learning_rate, "weight_decay": 0.0})
    return groups


def _shown(sets: Sequence[PairSet]) -> Tensor:
    """(n, inputs) texts that pictures were shown with, and those that texts of other languages are brought to."""
    crossing = [side for each in sets if len(each.modalities) > 1 for side in (each.left, each.right)]
    sides = crossing + [each.right for each in sets if len(each.modalities) == 1]
    return torch.cat([side.plain for side in sides if side.modality is Modality.TEXT])
