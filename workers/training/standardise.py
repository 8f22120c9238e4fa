"""Each head's centre and scale, from what it will be trained on."""

from collections.abc import Sequence

import torch
from torch import Tensor

from app.types import Modality
from workers.alignment.network import AlignmentNetwork, ProjectionHead
from workers.alignment.picture_head import PictureHead
from workers.training.class_names import ClassNames
from workers.training.pair_sets import PairSet

ENOUGH = 4096  # outputs of a set to know their mean and spread


def standardise(network: AlignmentNetwork, sets: Sequence[PairSet], class_names: ClassNames | None = None) -> None:
    """Sets each head's centre and scale from the outputs that it will be trained on."""
    for modality in Modality:  # text first: the names of classes are texts
        outputs, head = _outputs(sets, modality), network.head(modality)
        if isinstance(head, PictureHead):
            assert class_names is not None
            texts = network.head(Modality.TEXT)
            assert isinstance(texts, ProjectionHead)
            head.learn_classes(class_names.weight, class_names.bias, texts.unbent(class_names.outputs).detach())
            if len(outputs):
                head.standardise(outputs, texts.empty())
        elif len(outputs):
            head.standardise(outputs)


def _outputs(sets: Sequence[PairSet], modality: Modality) -> Tensor:
    """Up to a few thousand evenly drawn outputs of a modality from each side that has it, (n, inputs) float32."""
    sides = [side.plain for each in sets for side in (each.left, each.right) if side.modality is modality]
    found = [outputs[:: -(-len(outputs) // ENOUGH)] for outputs in sides if len(outputs)]
    return torch.cat(found).float() if found else torch.zeros(0, 0)
