"""The last blocks of a picture encoder, which may be trained on."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from app.errors import EncoderFixed
from workers.encoders.base import Encoder
from workers.encoders.image import ImageEncoder


def last_blocks(encoder: Encoder[Any], count: int) -> list[nn.Module]:
    """The last so many blocks in the order that a picture passes them; the convolution behind the stages is the last.

    Raises:
        EncoderFixed: the encoder is another one, or has fewer blocks.
    """
    blocks = _blocks(encoder)
    if not 1 <= count <= len(blocks):
        raise EncoderFixed(f"{encoder.card.name} has {len(blocks)} blocks; {count} of them cannot be trained.")
    return list(blocks[-count:])


def in_floats(encoder: ImageEncoder) -> None:
    """Holds the weights as float32, also on a GPU: steps of training are too small for bfloat16."""
    encoder.tower.float()
    encoder.dtype = torch.float32


def tensors_of(encoder: Encoder[Any], count: int) -> dict[str, Tensor]:
    """The weights of the last blocks by name, on the CPU."""
    blocks = nn.ModuleList(last_blocks(encoder, count))
    return {name: tensor.detach().float().cpu().contiguous() for name, tensor in blocks.state_dict().items()}


def take_over(encoder: Encoder[Any], tensors: dict[str, Tensor]) -> None:
    """Puts such weights into the last blocks.

    Raises:
        EncoderFixed: the encoder is one that has no such blocks.
        RuntimeError: the weights are not those of its last blocks.
    """
    count = len({name.partition(".")[0] for name in tensors})
    nn.ModuleList(last_blocks(encoder, count)).load_state_dict(tensors)


def _blocks(encoder: Encoder[Any]) -> Sequence[nn.Module]:
    if not isinstance(encoder, ImageEncoder):
        raise EncoderFixed(f"The blocks of {encoder.card.name} cannot be trained; those of an EfficientNet-Lite can.")
    stages = [stage for stage in encoder.tower.stages if isinstance(stage, nn.Sequential)]
    return [*(block for stage in stages for block in stage), encoder.tower.head]
