"""Which colours a picture's foreground has.

A classifier of things forgets colours, and shoppers ask for them. Each pixel that differs from the border has the
colour of the nearest of a few anchors in CIE L*a*b*.

Sources: the basic colour terms of Berlin and Kay, 1969, with beige; CIE 15:2004; sRGB: IEC 61966-2-1.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

ANCHORS: Mapping[str, tuple[int, int, int]] = {  # sRGB
    "black": (20, 20, 20),
    "white": (250, 250, 250),
    "grey": (128, 128, 128),
    "red": (200, 25, 30),
    "orange": (240, 130, 25),
    "yellow": (245, 215, 40),
    "green": (45, 140, 55),
    "blue": (35, 70, 170),
    "purple": (110, 45, 130),
    "pink": (240, 140, 170),
    "brown": (100, 60, 35),
    "beige": (220, 200, 165),
}
COLOURS = tuple(ANCHORS)
SIDE = 52  # pixels that a picture is looked at with
DIFFERENT = 12.0  # CIE76 distance from the border's usual colour
FEWEST = 40  # pixels of a foreground; with fewer, all of the picture counts
FEWEST_IN_CELL = 4  # pixels of the foreground in a cell; with fewer, all of the cell counts
_TO_XYZ = torch.tensor([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = torch.tensor([0.9505, 1.0, 1.089])  # D65
_TO_LAB = torch.tensor([[0.0, 116.0, 0.0], [500.0, -500.0, 0.0], [0.0, 200.0, -200.0]])


def colour_shares(pixels: Tensor) -> Tensor:
    """The share of each colour in the foreground of each picture.

    Args:
        pixels: (batch, 3, height, width) uint8 sRGB.

    Returns:
        (batch, len(COLOURS)) float32, each row's sum 1.
    """
    coloured, foreground = _coloured(pixels)
    counts = (coloured * foreground[:, None]).sum((2, 3))
    shares: Tensor = counts / counts.sum(1, keepdim=True)
    return shares


def cell_colour_shares(pixels: Tensor, rows: int) -> Tensor:
    """The same in each cell of a grid, row by row: (batch, rows * rows, len(COLOURS)); where no foreground is, of all.

    Args:
        pixels: (batch, 3, height, width) uint8 sRGB.
        rows: of cells, and columns.
    """
    coloured, foreground = _coloured(pixels)
    near = functional.adaptive_avg_pool2d(coloured * foreground[:, None], rows).flatten(2).transpose(1, 2)
    everything = functional.adaptive_avg_pool2d(coloured, rows).flatten(2).transpose(1, 2)
    counts = torch.where(near.sum(2, keepdim=True) * (SIDE / rows) ** 2 >= FEWEST_IN_CELL, near, everything)
    return counts / counts.sum(2, keepdim=True)


def _coloured(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """(batch, colours, SIDE, SIDE) 1 where a picture has a colour, 0 elsewhere; (batch, SIDE, SIDE) its foreground."""
    small = functional.adaptive_avg_pool2d(pixels.float() / 255, SIDE)
    lab = _lab(small.movedim(1, 3))  # (batch, SIDE, SIDE, 3)
    border = torch.cat([lab[:, 0], lab[:, -1], lab[:, :, 0], lab[:, :, -1]], dim=1).median(1).values
    foreground = (lab - border[:, None, None]).norm(dim=3) > DIFFERENT
    foreground |= foreground.sum((1, 2), keepdim=True) < FEWEST
    anchors = _lab(torch.tensor(list(ANCHORS.values()), device=pixels.device) / 255)
    nearest = torch.cdist(lab.flatten(1, 2), anchors[None].expand(len(lab), -1, -1)).argmin(2)  # (batch, SIDE * SIDE)
    coloured = functional.one_hot(nearest, len(COLOURS)).float().transpose(1, 2)
    return coloured.reshape(len(lab), len(COLOURS), SIDE, SIDE), foreground


def _lab(srgb: Tensor) -> Tensor:
    """(..., 3) from sRGB between 0 and 1 to L*a*b*."""
    linear = torch.where(srgb > 0.04045, ((srgb + 0.055) / 1.055) ** 2.4, srgb / 12.92)
    xyz = linear @ _TO_XYZ.to(srgb.device).T / _WHITE.to(srgb.device)
    bent = torch.where(xyz > 0.008856, xyz.clamp_min(1e-9) ** (1 / 3), 7.787 * xyz + 16 / 116)
    return bent @ _TO_LAB.to(srgb.device).T - torch.tensor([16.0, 0.0, 0.0], device=srgb.device)
