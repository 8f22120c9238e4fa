"""Trains an alignment network on encoded pairs."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy

import torch
from torch import Tensor

from app.types import Modality
from workers.alignment.network import AlignmentNetwork
from workers.alignment.picture_head import PictureHead
from workers.alignment.text_head import TextHead
from workers.training.batches import draw
from workers.training.checkpoint import CheckpointFile
from workers.training.class_names import ClassNames
from workers.training.device import CPU
from workers.training.mixed_sets import MixedSet
from workers.training.pair_sets import PairSet
from workers.training.settings import TrainingSettings
from workers.training.stages import Stage, stages_of
from workers.training.standardise import standardise
from workers.training.steps import Look, Steps
from workers.training.terms import hold_loss, set_loss


def train(
    sets: Sequence[PairSet],
    inputs: Mapping[Modality, int],
    segments: Mapping[Modality, int],
    settings: TrainingSettings,
    *,
    class_names: ClassNames | None = None,
    mixed: Sequence[MixedSet] = (),
    dev: Callable[[AlignmentNetwork], float],
    on_step: Callable[[str, float], None],
    device: torch.device = CPU,
    checkpoint: CheckpointFile | None = None,
    resume: bool = False,
) -> tuple[AlignmentNetwork, list[Look]]:
    """Trains a network and keeps it as it was when dev was best.

    Args:
        sets: what it learns from.
        inputs: length of each modality's pooled output.
        segments: that each modality's pooled output has side by side.
        settings: how.
        class_names: of the picture encoder's classifier, if it has one.
        mixed: what fusions learn from; without any they stay the means that they begin as.
        dev: the network's score on held-out queries, larger is better.
        on_step: told the stage and the loss of each step, also of those before an interruption.
        device: where; on a GPU the heads run in bfloat16.
        checkpoint: where to keep what an interrupted training goes on from.
        resume: whether to go on from that.

    Returns:
        The best network, on the CPU, and every look at dev.

    Raises:
        CheckpointInvalid: there is no checkpoint of this very training to go on from.
    """
    left = checkpoint.read() if checkpoint is not None and resume else None
    torch.manual_seed(settings.seed)
    chance = torch.Generator().manual_seed(settings.seed)
    shape = None if class_names is None else class_names.shape
    network = AlignmentNetwork(inputs, segments, settings.hidden, settings.known, settings.dim, settings.dropout, shape)
    standardise(network, sets, class_names)
    network, placed = network.to(device), [each.to(device) for each in sets]
    stages = stages_of(network, placed, [each.to(device) for each in mixed], settings, chance)
    steps = Steps(network, settings, chance, dev=dev, on_step=on_step, checkpoint=checkpoint)
    steps.run(stages, left)
    return network.cpu().eval(), steps.looks


def fit_shop(
    network: AlignmentNetwork,
    sets: Sequence[PairSet],
    settings: TrainingSettings,
    *,
    dev: Callable[[AlignmentNetwork], float],
    on_step: Callable[[str, float], None],
    device: torch.device = CPU,
) -> tuple[AlignmentNetwork, list[Look]]:
    """Teaches a trained network the texts and pictures of one shop, and leaves everything else as it is.

    The shop's contents join the known ones; those that were known before are held where they are, and so is all that
    is known without pairs: recordings, other languages, and other trades.

    Args:
        network: with a picture head that knows class names; it is not changed.
        sets: pairs of texts with pictures.
        settings: `steps`, `learning_rate` and what the loss needs.
        dev: the network's score on held-out queries, larger is better; the best one is kept.
        on_step: told the stage and the loss of each step.
        device: where; on a GPU the heads run in bfloat16.

    Returns:
        The best network, on the CPU, and every look at dev.
    """
    torch.manual_seed(settings.seed)
    chance = torch.Generator().manual_seed(settings.seed)
    fitted = deepcopy(network)
    taught = {modality: _taught(fitted, modality) for modality in (Modality.TEXT, Modality.IMAGE)}
    held = {modality: head.learned.typical().to(device) for modality, head in taught.items()}
    for modality, head in taught.items():
        outputs = torch.cat(
            [side.plain.float() for own in sets for side in (own.left, own.right) if side.modality is modality]
        )
        head.learned.add(outputs[torch.randperm(len(outputs), generator=chance)[: settings.shop_known]])
    fitted, before = fitted.to(device), deepcopy(network).to(device).eval()
    placed = [each.to(device) for each in sets]

    def loss() -> Tensor:
        found = set_loss(fitted, draw(placed, 1, settings, chance)[0], settings, chance)
        moved = [hold_loss(taught[own], before.head(own), held[own], settings, chance) for own in taught]
        return found + settings.hold * torch.stack(moved).sum()

    rates = [{"params": [*head.learned.parameters()], "lr": settings.learning_rate} for head in taught.values()]
    stage = Stage(name="shop", steps=settings.steps, groups=rates, loss=loss, judged=True)
    steps = Steps(fitted, settings, chance, dev=dev, on_step=on_step)
    steps.run([stage])
    return fitted.cpu().eval(), steps.looks


def _taught(network: AlignmentNetwork, modality: Modality) -> TextHead | PictureHead:
    head = network.head(modality)
    assert isinstance(head, TextHead | PictureHead)
    return head
