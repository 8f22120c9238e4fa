"""What heads know of contents without pairs: made once, since pairs leave it as it is."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from app.types import Modality
from workers.alignment.network import AlignmentNetwork
from workers.alignment.picture_head import PictureHead
from workers.alignment.text_head import TextHead
from workers.training.device import Projection
from workers.training.pair_sets import PairSet
from workers.training.settings import TrainingSettings
from workers.training.terms import set_loss


def featured(network: AlignmentNetwork, pairs: PairSet) -> PairSet:
    """The same pairs with the features of their texts and pictures."""
    left, right = (side.through(_features(network, side.modality)) for side in pairs.sides)
    return replace(pairs, left=left, right=right)


def featured_loss(
    network: AlignmentNetwork, pairs: PairSet, settings: TrainingSettings, chance: torch.Generator
) -> Tensor:
    """`set_loss` of pairs that hold features."""
    left, right = (_from_features(network, side.modality) for side in pairs.sides)
    return set_loss(pairs, left, right, settings, chance)


def _features(network: AlignmentNetwork, modality: Modality) -> Projection:
    head = network.head(modality)
    return head.features if isinstance(head, TextHead | PictureHead) else nn.Identity()


def _from_features(network: AlignmentNetwork, modality: Modality) -> Projection:
    head = network.head(modality)
    return head.from_features if isinstance(head, TextHead | PictureHead) else head
