"""The part of a picture that a network sees: its centre, at the network's size."""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

Picture = NDArray[np.uint8]  # (height, width, 3) RGB


def centre(picture: Picture, short_side: int, crop: int, resampling: Image.Resampling) -> Tensor:
    """The middle square of a picture with its short side resized, cropped: (3, crop, crop) uint8."""
    image = Image.fromarray(picture)
    width, height = image.size
    short = min(width, height)
    left, top = (width - short) / 2, (height - short) / 2
    # Only the middle square is resized: the same pixels, and a very long picture costs no memory.
    square = image.resize((short_side, short_side), resampling, box=(left, top, left + short, top + short))
    margin = (short_side - crop) // 2
    cropped = square.crop((margin, margin, margin + crop, margin + crop))
    return torch.from_numpy(np.array(cropped)).permute(2, 0, 1)
