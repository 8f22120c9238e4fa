"""The encoders that are compared: what each gives, and how long it takes."""

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from app.errors import MediaTooLarge, MediaUnreadable
from app.types import EncoderCard, Modality
from workers.cli.options import LIMITS
from workers.encoders import registry
from workers.encoders.base import Encoder, Pooled
from workers.encodings import Content, Encodings
from workers.training.settings import TrainingSettings

TIMED = 40  # contents that an encoder is timed by


class MeanOfSegments(Encodings):
    """The same encodings, with the mean over the segments of each content instead of all of them side by side."""

    def __init__(self, encodings: Encodings, modalities: Collection[Modality]) -> None:
        self._segmented, self._modalities = encodings, modalities
        means = {modality: _mean_card(encodings.cards[modality]) for modality in modalities}
        self.cards = {**encodings.cards, **means}
        self.unreadable, self.device = encodings.unreadable, encodings.device

    def encode(self, modality: Modality, contents: Sequence[Content]) -> list[str | None]:
        """Makes sure that these contents are in the cache; their keys, None for those that cannot be read."""
        return self._segmented.encode(modality, contents)

    def halves(self, modality: Modality, keys: Sequence[str]) -> NDArray[np.float16]:
        """The pooled outputs of encoded contents as they are cached, (n, dim)."""
        if modality not in self._modalities:
            return self._segmented.halves(modality, keys)
        means = mean_of_segments(self._segmented.outputs(modality, keys), self.cards[modality].dim)
        return means.astype(np.float16)


def mean_of_segments(outputs: Pooled, width: int) -> Pooled:
    """(n, segments x width) to (n, width), the empty segments behind the end of a content left out."""
    segments = outputs.reshape(len(outputs), outputs.shape[1] // width, width)
    used = np.maximum(1, (segments != 0).any(axis=2).sum(axis=1))  # (n,)
    mean: Pooled = (segments.sum(axis=1) / used[:, None]).astype(np.float32)
    return mean


def _mean_card(card: EncoderCard) -> EncoderCard:
    return replace(card, name=f"{card.name}-mean", dim=card.dim // card.segments, segments=1)


class Timer:
    """Loads encoders, and measures each once.

    Args:
        contents: of each modality, what it is timed by.
    """

    def __init__(self, contents: Mapping[Modality, Sequence[Content]]) -> None:
        self._contents = contents
        self._found: dict[str, float] = {}  # EncoderCard.id -> milliseconds

    def load(self, card: EncoderCard) -> Encoder[Any]:
        """The encoder, measured.

        Raises:
            WeightsInvalid: its weight file is missing or damaged.
        """
        with _one_thread():
            encoder = registry.load(card, "cpu")
            self._found[card.id] = _milliseconds(encoder, self._contents[card.modality])
        return encoder

    def of(self, card: EncoderCard) -> float:
        """The milliseconds of one thread that the encoder needs for a content, from the file on.

        Raises:
            WeightsInvalid: its weight file is missing or damaged.
        """
        if card.id not in self._found:
            self.load(card)
        return self._found[card.id]


def drawn(contents: Sequence[Content]) -> list[Content]:
    """Some of them, always the same ones."""
    chance = random.Random(TrainingSettings.seed)  # noqa: S311  not for secrets
    return chance.sample(list(contents), min(TIMED, len(contents)))


def _milliseconds(encoder: Encoder[Any], contents: Sequence[Content]) -> float:
    """The median over contents, one at a time; of the processor, so that what else runs does not count."""
    taken = []
    for content in [*contents[:1], *contents]:  # the first one finds everything cold
        started = process_time()
        with suppress(MediaUnreadable, MediaTooLarge):
            encoder.encode_prepared([content.prepare(encoder, LIMITS)])
            taken.append(process_time() - started)
    return 1000 * median(taken[1:] or [0.0])


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
