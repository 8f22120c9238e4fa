"""The default encoders of text and picture with a content's parts side by side, for heads that choose among them."""

import math
from dataclasses import replace
from typing import Self

import torch
from torch.nn import functional

from workers.encoders import image, text
from workers.encoders.base import Pooled, States
from workers.encoders.pooling import segments

MOST_TOKENS = 32
ROWS = 4  # of cells, and columns
CELLS = ROWS * ROWS
TOKENS = replace(text.CARD, name="multilingual-e5-small-tokens", dim=MOST_TOKENS * text.CARD.dim, segments=MOST_TOKENS)
GRID = replace(image.CARD, name="efficientnet-lite2-grid", dim=CELLS * image.LAST_CHANNELS, segments=CELLS)


class TokensEncoder(text.TextEncoder):
    """Text to its tokens."""

    card = TOKENS

    def finish(self, states: States) -> Pooled:
        """Up to 32 tokens, of more the means of as many equal segments: (batch, 32 x 384), zero behind the last."""
        return segments(states, MOST_TOKENS, 1)


class GridEncoder(image.ImageEncoder):
    """Pictures to cells of the last grid."""

    @classmethod
    def load(cls, device: torch.device, size: image.Size = image.LITE2) -> Self:
        """Loads the weights of the installed package.

        Raises:
            WeightsInvalid: the weight file is missing or damaged.
        """
        return super().load(device, replace(size, card=GRID))

    def finish(self, states: States) -> Pooled:
        """The means of 16 cells, row by row: (batch, 16 x 1280)."""
        side = math.isqrt(states.hidden.shape[1])
        flat = states.hidden.float().transpose(1, 2)  # (batch, channels, rows x columns)
        grid = flat.reshape(*flat.shape[:2], side, side)
        cells = functional.adaptive_avg_pool2d(grid, ROWS).flatten(2).transpose(1, 2)
        pooled: Pooled = cells.flatten(1).cpu().numpy()
        return pooled
