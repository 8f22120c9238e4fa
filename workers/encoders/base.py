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
class Stretch:
    """Some steps of a content that belong together: the tokens of a word."""

    label: str  # what people call it: the word
    start: int  # the first step
    end: int  # behind the last step


@dataclass(frozen=True)
class Prepared:
    """One content ready for the forward pass: token ids, a picture, or a log-mel spectrogram."""

    tensor: Tensor  # on the CPU
    length: int  # of the dimension that a batch pads: tokens, frames; 1 where nothing is padded
    stretches: tuple[Stretch, ...] = ()  # the words of a text


@dataclass(frozen=True)
class States:
    """What a forward pass found at each step of each content: tokens, cells of a picture's grid, sound frames."""

    hidden: Tensor  # (batch, steps, width)
    mask: Tensor  # (batch, steps) bool, False where the batch was padded
    summary: Tensor | None = None  # (batch, n) what the layers before the last one say of the whole content


@dataclass(frozen=True)
class Divided:
    """One content as a whole and in tokens, each read as a content of its own that was seen beside the others."""

    whole: Pooled  # (dim,)
    tokens: Pooled  # (tokens, dim); none of encoders that do not tell any apart
    labels: tuple[str, ...]  # (tokens,) words, cells of a grid, seconds


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

    def split(self, batch: Sequence[Prepared], states: States) -> list[Pooled]:
        """Of each content its tokens, (tokens, dim) float32 each: here the means of its stretches."""
        return [
            np.stack([row[each.start : each.end].float().mean(0).cpu().numpy() for each in one.stretches])
            if one.stretches
            else np.zeros((0, self.card.dim), np.float32)
            for one, row in zip(batch, states.hidden, strict=True)
        ]

    def labels(self, prepared: Prepared) -> tuple[str, ...]:
        """What people call the tokens of a content, in their order."""
        return tuple(each.label for each in prepared.stretches)

    def divide(self, prepared: Sequence[Prepared]) -> list[Divided]:
        """Prepared contents as wholes and in tokens, in their order."""
        found: dict[int, Divided] = {}
        for rows in batches([one.length for one in prepared], self.budget):
            batch = [prepared[row] for row in rows]
            with torch.inference_mode():
                states = self.forward(batch)
                wholes, tokens = self.finish(states), self.split(batch, states)
            labels = map(self.labels, batch)
            found |= dict(zip(rows, map(Divided, wholes, tokens, labels), strict=True))
        return [found[row] for row in range(len(prepared))]

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
