"""Trains an alignment network on encoded pairs."""

from collections.abc import Callable, Mapping, Sequence

import torch

from app.types import Modality
from workers.alignment.network import AlignmentNetwork
from workers.training.checkpoint import CheckpointFile
from workers.training.class_names import ClassNames
from workers.training.device import CPU
from workers.training.mixed_sets import MixedSet
from workers.training.pair_sets import PairSet
from workers.training.settings import TrainingSettings
from workers.training.stages import stages_of
from workers.training.standardise import standardise
from workers.training.steps import Look, Steps


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
