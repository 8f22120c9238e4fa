"""Pictures by a ResNet without its classifier: the mean of its last grid.

Read are state dicts of torchvision's ResNet-50, and checkpoints of ResNets in transformers' format.

Source: He et al., Deep Residual Learning for Image Recognition, CVPR 2016 (arXiv 1512.03385).
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Self

import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models import ResNet50_Weights, resnet50

from app.errors import WeightsInvalid
from app.types import EncoderCard, Role
from workers.encoders.base import Classifier, Encoder, Pooled, Prepared, States
from workers.encoders.cards import RESNET50, RESNET50_SHA256
from workers.encoders.centre import Picture, centre
from workers.encoders.checkpoint import CONFIG, weight_files
from workers.encoders.device import dtype_of, moved
from workers.encoders.pooling import mean
from workers.encoders.pretrained import load_model

SHORT_SIDE, CROP = 256, 224  # pixels
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's pictures, 0 to 1
LAST = "fc."  # torchvision's name of the classifier
COUNTERS = "num_batches_tracked"  # which older files lack, and inference does not use

Tower = Callable[[Tensor], Tensor]  # (batch, 3, 224, 224) to the last grid, (batch, channels, rows, columns)


class ResNetEncoder(Encoder[Picture]):
    """Pictures to as many numbers as the last grid has channels: 2048 of a ResNet-50."""

    budget = 8  # a larger batch leaves the CPU's cache and is slower a picture

    def __init__(self, tower: Tower, card: EncoderCard, device: torch.device) -> None:
        self.tower, self.card, self.device, self.dtype = tower, card, device, dtype_of(device)
        self.mean = torch.tensor(MEAN, device=device).view(3, 1, 1)
        self.deviation = torch.tensor(DEVIATION, device=device).view(3, 1, 1)

    @classmethod
    def load(cls, path: Path, card: EncoderCard, device: torch.device) -> Self:
        """Loads a folder or a file.

        Raises:
            WeightsInvalid: the weights are damaged, or are not a ResNet's.
        """
        if (path / CONFIG).is_file():
            network = load_model(path, device)
            return cls(lambda pixels: network(pixels).last_hidden_state, card, device)
        whole = _network(_state(path), path).to(device, dtype_of(device))
        whole.to(memory_format=torch.channels_last)
        return cls(nn.Sequential(*list(whole.children())[:-2]), card, device)

    def prepare(self, content: Picture, role: Role) -> Prepared:  # noqa: ARG002  a picture reads the same on both sides
        """The centre of the picture: (3, 224, 224) uint8."""
        return Prepared(centre(content, SHORT_SIDE, CROP, Image.Resampling.BILINEAR), 1)

    def forward(self, batch: Sequence[Prepared]) -> States:
        """The last grid, row by row: (batch, cells, channels)."""
        pixels = moved(torch.stack([one.tensor for one in batch]), self.device)  # (batch, 3, 224, 224)
        scaled = (pixels.float() / 255 - self.mean) / self.deviation
        grid = self.tower(scaled.to(self.dtype).contiguous(memory_format=torch.channels_last))
        hidden = grid.flatten(2).transpose(1, 2)
        return States(hidden, torch.ones(hidden.shape[:2], dtype=torch.bool, device=hidden.device))

    def finish(self, states: States) -> Pooled:
        """The mean over the grid."""
        return mean(states)


def downloaded() -> Path:
    """The file of torchvision's own weights, downloaded once.

    Raises:
        WeightsInvalid: it cannot be downloaded, or arrived damaged.
    """
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(RESNET50.source).name
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(RESNET50.source, str(path), RESNET50_SHA256, progress=False)
        except (OSError, RuntimeError) as error:
            raise WeightsInvalid(
                f"{RESNET50.source} cannot be downloaded: {error}."
                " Download it elsewhere and give the local file instead."
            ) from error
    return path


def classifier(path: Path, config: Mapping[str, object]) -> Classifier | None:
    """The layer that names classes; none where the weights lack it, or nothing says what its classes are called.

    Raises:
        WeightsInvalid: the weights are damaged.
    """
    state = _state(path)
    prefix = "classifier.1." if config else LAST
    weight, bias = state.get(f"{prefix}weight"), state.get(f"{prefix}bias")
    if weight is None or bias is None:
        return None
    names = _names(config, len(bias))
    return None if names is None else Classifier(weight.float(), bias.float(), names)


def _names(config: Mapping[str, object], count: int) -> tuple[str, ...] | None:
    of_imagenet = ResNet50_Weights.IMAGENET1K_V1.meta["categories"]
    if not config:
        return tuple(of_imagenet) if count == len(of_imagenet) else None
    told = config.get("id2label")
    if not isinstance(told, dict) or set(told) != set(map(str, range(count))):
        return None
    names = tuple(str(told[str(place)]) for place in range(count))
    return None if names[0] == "LABEL_0" else names  # what transformers writes where nobody said


def _network(state: Mapping[str, Tensor], path: Path) -> nn.Module:
    # Only the layers before the classifier are wanted, however many classes it has.
    network: nn.Module = resnet50(weights=None)
    wanted = {name: tensor for name, tensor in state.items() if not name.startswith(LAST)}
    try:
        missing, unknown = network.load_state_dict(wanted, strict=False)
    except RuntimeError as error:
        raise WeightsInvalid(f"{path} does not fit ResNet-50.") from error
    lacking = [name for name in missing if not name.startswith(LAST) and not name.endswith(COUNTERS)]
    if wrong := lacking + unknown:
        raise WeightsInvalid(f"{path} does not fit ResNet-50: {wrong[0]} is missing or unknown.")
    return network.eval().requires_grad_(requires_grad=False)


def _state(path: Path) -> dict[str, Tensor]:
    """The tensors of a folder's weight files, or of a file."""
    state: dict[str, Tensor] = {}
    for file in weight_files(path):
        try:
            safe = file.suffix == ".safetensors"
            found = load_file(file) if safe else torch.load(file, weights_only=True, map_location="cpu")
            state |= {str(name): tensor for name, tensor in found.items() if isinstance(tensor, Tensor)}
        except (OSError, RuntimeError, SafetensorError, UnpicklingError, EOFError, AttributeError) as error:
            raise WeightsInvalid(f"{file} is damaged, or holds more than tensors.") from error
    return state
