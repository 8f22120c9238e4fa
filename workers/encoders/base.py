"""What every encoder does: prepare one content, pass a batch forward, finish it into pooled outputs."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.types import EncoderCard, Role

Content = TypeVar("Content")  # a decoded content: str, (h, w, 3) uint8 picture, or float32 waveform
Pooled = NDArray[np.float32]

BATCH = 32  # contents in one forward pass, unless their length allows fewer


@dataclass(frozen=True)
class Prepared:
    """One content ready for the forward pass: token ids, a picture, or a log-mel spectrogram."""

    tensor: Tensor  # on the CPU
    length: int  # of the dimension that a batch pads: tokens, frames; 1 where nothing is padded


@dataclass(frozen=True)
class States:
    """What a forward pass found at each step of each content: tokens, cells of a picture's grid, sound frames."""

    hidden: Tensor  # (batch, steps, width)
    mask: Tensor  # (batch, steps) bool, False where the batch was padded
    summary: Tensor | None = None  # (batch, n) what the layers before the last one say of the whole content


@dataclass(frozen=True)
class Classifier:
    """The last layer of a picture encoder that was trained to name classes."""

    weight: Tensor  # (classes, channels) for the mean of the last grid, with which the pooled output begins
    bias: Tensor  # (classes,)
    names: tuple[str, ...]
    colours: tuple[str, ...] = ()  # whose shares of the picture the pooled output ends with


class Encoder(ABC, Generic[Content]):
    """A frozen pretrained tower. A padded batch gives each content what it would get alone."""

    card: EncoderCard
    budget: int  # padded length of one batch, all its contents together: bounds the memory of a forward pass

    @abstractmethod
    def prepare(self, content: Content, role: Role) -> Prepared:
        """The CPU work of one content; safe in any thread."""

    @abstractmethod
    def forward(self, batch: Sequence[Prepared]) -> States:
        """One forward pass over a padded batch."""

    @abstractmethod
    def finish(self, states: States) -> Pooled:
        """Pools the states to (batch, dim) float32, not normalised."""

    def pool(self, batch: Sequence[Prepared]) -> Pooled:
        """Forward pass and pooling of one batch: (batch, dim) float32."""
        with torch.inference_mode():
            return self.finish(self.forward(batch))

    def encode(self, contents: Sequence[Content], role: Role = Role.PASSAGE) -> Pooled:
        """Pooled outputs of decoded contents, in their order: (n, dim) float32."""
        return self.encode_prepared([self.prepare(content, role) for content in contents])

    def encode_prepared(self, prepared: Sequence[Prepared]) -> Pooled:
        """Pooled outputs of prepared contents, in their order: (n, dim) float32."""
        pooled = np.zeros((len(prepared), self.card.dim), np.float32)
        for rows in batches([one.length for one in prepared], self.budget):
            pooled[rows] = self.pool([prepared[row] for row in rows])
        return pooled


def batches(lengths: Sequence[int], budget: int, size: int = BATCH) -> Iterator[list[int]]:
    """Groups positions by length, so that little is padded; a batch is at most `size` contents and `budget` long."""
    rows: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if rows and (len(rows) == size or lengths[row] * (len(rows) + 1) > budget):
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows
