"""Another alignment of the default encoders: the packaged one, bent a little."""

from pathlib import Path

import torch

from app.types import Modality
from workers.alignment.artifact import DEFAULT, save_alignment
from workers.alignment.opening import open_alignment
from workers.alignment.picture_head import PictureHead
from workers.alignment.text_head import TextHead


def bent(folder: Path, *, by: float = 0.02, seed: int = 1) -> Path:
    """Writes the artifact: what its heads have learnt from pairs is off by so much, in a random direction."""
    alignment, _ = open_alignment(DEFAULT, {})
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for modality in (Modality.TEXT, Modality.IMAGE):
            head = alignment.network.head(modality)
            assert isinstance(head, TextHead | PictureHead)  # of the packaged alignment
            bias = head.learned.second.bias
            bias.add_(by * torch.randn(bias.shape, generator=chance))
    save_alignment(folder, alignment.network, alignment.card)
    return folder
