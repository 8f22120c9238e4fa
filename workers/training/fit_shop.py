"""Fits a trained alignment network to one shop's products."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy

import torch
from torch import Tensor

from app.types import Modality
from workers.alignment.network import AlignmentNetwork
from workers.alignment.picture_head import PictureHead
from workers.alignment.text_head import TextHead
from workers.training.batches import draw
from workers.training.device import CPU
from workers.training.features import featured, featured_loss
from workers.training.pair_sets import PairSet
from workers.training.settings import TrainingSettings
from workers.training.stages import Stage
from workers.training.steps import Look, Steps
from workers.training.terms import drift_loss

Taught = Mapping[Modality, TextHead | PictureHead]


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
    fitted = deepcopy(network).to(device).eval()
    taught = {modality: _taught(fitted, modality) for modality in (Modality.TEXT, Modality.IMAGE)}
    placed = [featured(fitted, each.to(device)) for each in sets]
    stage = Stage(
        name="shop",
        steps=settings.steps,
        groups=[{"params": [*head.learned.parameters()], "lr": settings.learning_rate} for head in taught.values()],
        loss=_loss(fitted, taught, placed, settings, chance),
        judged=True,
    )
    for modality, head in taught.items():
        _join(head, modality, placed, settings, chance)
    steps = Steps(fitted, settings, chance, dev=dev, on_step=on_step)
    steps.run([stage])
    return fitted.cpu().eval(), steps.looks


def _loss(
    fitted: AlignmentNetwork,
    taught: Taught,
    sets: Sequence[PairSet],
    settings: TrainingSettings,
    chance: torch.Generator,
) -> Callable[[], Tensor]:
    """What the pairs teach, and that what was known before stays where it is now."""
    held = {modality: head.learned.typical() for modality, head in taught.items()}
    with torch.no_grad():
        before = {modality: head.learned(held[modality]) for modality, head in taught.items()}

    def loss() -> Tensor:
        found = featured_loss(fitted, draw(sets, 1, settings, chance)[0], settings, chance)
        drifts = [drift_loss(head.learned, held[own], before[own], settings, chance) for own, head in taught.items()]
        return found + settings.hold * torch.stack(drifts).sum()

    return loss


def _join(
    head: TextHead | PictureHead,
    modality: Modality,
    sets: Sequence[PairSet],
    settings: TrainingSettings,
    chance: torch.Generator,
) -> None:
    """Counts contents of the pairs, which hold features, among the known ones."""
    features = torch.cat([side.plain.float() for own in sets for side in own.sides if side.modality is modality])
    chosen = torch.randperm(len(features), generator=chance)[: settings.shop_known]
    head.learned.add(head.taught_by(features[chosen]))


def _taught(network: AlignmentNetwork, modality: Modality) -> TextHead | PictureHead:
    head = network.head(modality)
    assert isinstance(head, TextHead | PictureHead)
    return head
