"""Which sets and which of their pairs a step learns from."""

import math
from collections import defaultdict
from collections.abc import Sequence, Sized

import torch
from torch import Tensor

from app.types import Modality
from workers.training.pair_sets import PairSet
from workers.training.settings import TrainingSettings

SPREAD = 3  # a batch of recordings is drawn from so many times as many neighbours in length


def draw(sets: Sequence[PairSet], count: int, settings: TrainingSettings, chance: torch.Generator) -> list[PairSet]:
    """Up to so many different sets, by their weights."""
    weights = torch.tensor(set_weights(sets, balanced=settings.balanced))
    return [sets[place] for place in torch.multinomial(weights, min(count, len(sets)), generator=chance)]


def root_weights(sets: Sequence[Sized]) -> list[float]:
    """How often each set is drawn: by the root of its size, so that no large set drowns a small one."""
    return [math.sqrt(len(each)) for each in sets]


def set_weights(sets: Sequence[PairSet], *, balanced: bool) -> list[float]:
    """How often each set is drawn: by its root weight and its own, unless balanced.

    Balanced, each pair of modalities (text-text, text-image) is drawn as often as any other, and its sets share that.
    """
    roots = [each.weight * root for each, root in zip(sets, root_weights(sets), strict=True)]
    if not balanced:
        return roots
    totals: dict[frozenset[Modality], float] = defaultdict(float)
    for each, root in zip(sets, roots, strict=True):
        totals[each.modalities] += root
    return [root / totals[each.modalities] for each, root in zip(sets, roots, strict=True)]


def batch_of(pairs: PairSet, settings: TrainingSettings, chance: torch.Generator) -> Tensor:
    """(batch,) places of pairs; recordings in one batch are about equally long.

    Otherwise length and phrasing alone tell most recordings of a batch apart, and the head learns to hear those.
    """
    if pairs.left.modality is not Modality.SPEECH:
        return torch.randint(len(pairs), (min(settings.batch, len(pairs)),), generator=chance)
    near = SPREAD * settings.speech_batch
    shuffled = pairs.left.lengths[pairs.left.rows] + torch.rand(len(pairs), generator=chance)
    start = int(torch.randint(max(1, len(pairs) - near + 1), (1,), generator=chance))
    places = shuffled.argsort()[start : start + near]
    return places[torch.randperm(len(places), generator=chance)[: settings.speech_batch]]
