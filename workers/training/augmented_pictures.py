"""Other views of a picture: cropped, mirrored, in other light, a little blurred."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.transforms import v2

from app.types import Role
from workers.encoders.base import Encoder, Prepared
from workers.media import MediaLimits, decode_image
from workers.output_cache import key_of

SIDE = 320  # pixels of a view, which encoders make smaller
RECIPE = "1"  # another one makes other views of the same number
# A shop's titles say what colour a thing is: light and contrast vary, the hue hardly.
CHANGES = v2.Compose(
    [
        v2.RandomResizedCrop(SIDE, scale=(0.5, 1.0), ratio=(0.8, 1.25), antialias=True),
        v2.RandomHorizontalFlip(),
        v2.ColorJitter(brightness=0.3, contrast=0.3, saturation=0.2, hue=0.02),
        v2.RandomApply([v2.GaussianBlur(kernel_size=9, sigma=(0.1, 2.0))], p=0.3),
    ]
)

Picture = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class PictureView:
    """A view of a picture in a file."""

    path: Path
    seed: int
    number: int

    @property
    def key(self) -> str:
        """What it is cached under."""
        return key_of("picture view", RECIPE, str(self.seed), str(self.number), self.path.read_bytes())

    def prepare(self, encoder: Encoder[Any], limits: MediaLimits) -> Prepared:
        """Ready for the forward pass."""
        picture = decode_image(self.path.read_bytes(), limits)
        return encoder.prepare(changed_picture(picture, self.key), Role.PASSAGE)


def changed_picture(picture: Picture, key: str) -> Picture:
    """The (height, width, 3) picture, changed to (320, 320, 3); the same key changes it in the same way."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(key[:15], 16))
        # A copy: decoded pictures cannot be written to, which torch warns of.
        channels: torch.Tensor = CHANGES(torch.from_numpy(picture.copy()).permute(2, 0, 1))
    view: Picture = channels.permute(1, 2, 0).contiguous().numpy()
    return view
