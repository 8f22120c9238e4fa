"""What each head knows before any pair: centres, scales, axes and words; and which contents pairs will show."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from app.types import Modality
from workers.alignment.network import AlignmentNetwork
from workers.alignment.picture_head import PictureHead
from workers.alignment.text_head import TextHead
from workers.training.class_names import ClassNames
from workers.training.pair_sets import PairSet

ENOUGH = 4096  # outputs of a set to know their mean and spread


def standardise(network: AlignmentNetwork, sets: Sequence[PairSet], class_names: ClassNames | None = None) -> None:
    """Sets what each head knows before training from the outputs that it will be trained on."""
    for modality in Modality:  # text first: the names of classes are texts
        outputs, head = _outputs(sets, modality), network.head(modality)
        if isinstance(head, PictureHead):
            _teach_words(head, network.head(Modality.TEXT), class_names)
        if not len(outputs):
            continue
        head.standardise(outputs)


def standardise_learned(network: AlignmentNetwork, sets: Sequence[PairSet], seed: int) -> None:
    """Sets what heads know of the contents that pairs with pictures will show.

    Args:
        network: whose meaning of texts is settled.
        sets: these pairs, with the features of their texts and pictures.
        seed: draws the known contents: the same each time, also where an interrupted training goes on.
    """
    chance = torch.Generator().manual_seed(seed)
    for modality in (Modality.TEXT, Modality.IMAGE):
        features, head = _outputs(sets, modality), network.head(modality)
        if len(features) and isinstance(head, TextHead | PictureHead):
            head.learned.standardise(head.taught_by(features), chance)


def _teach_words(head: PictureHead, texts: torch.nn.Module, class_names: ClassNames | None) -> None:
    assert class_names is not None
    assert isinstance(texts, TextHead)
    # Names lie to one side of other texts; about their own mean each stands for what is its own.
    names, colours = (texts.untaught(own, own.mean(0)).detach() for own in (class_names.outputs, class_names.colours))
    head.learn_words(class_names.weight, class_names.bias, names, colours)


def _outputs(sets: Sequence[PairSet], modality: Modality) -> Tensor:
    """Up to a few thousand evenly drawn outputs of a modality from each side that has it, (n, inputs) float32.

    Of a set as many as the root of its size says, as training draws it.
    """
    sides = [side.plain for each in sets for side in (each.left, each.right) if side.modality is modality]
    largest = max((len(outputs) for outputs in sides), default=0)
    found = [
        outputs[:: max(1, len(outputs) // max(1, round(ENOUGH * math.sqrt(len(outputs) / largest))))]
        for outputs in sides
        if len(outputs)
    ]
    return torch.cat(found).float() if found else torch.zeros(0, 0)
