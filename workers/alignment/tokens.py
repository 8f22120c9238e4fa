"""The tokens of a content: vectors of what it is made of, beside that of the whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Tokens:
    """Of one text, picture or recording, or of several contents side by side."""

    labels: tuple[str, ...]  # words, cells of a picture, seconds of a recording
    vectors: Floats  # (tokens, token_dim) unit length

    @classmethod
    def none(cls, dim: int) -> Self:
        """Of a content that is not told apart."""
        return cls((), np.zeros((0, dim), np.float32))

    @classmethod
    def joined(cls, several: Sequence["Tokens"]) -> Self:
        """Those of several contents."""
        labels = tuple(label for each in several for label in each.labels)
        return cls(labels, np.concatenate([each.vectors for each in several]))
