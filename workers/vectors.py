"""Small conversions of vectors."""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np


def unit(vector: np.ndarray) -> np.ndarray:
    """The vector scaled to length 1; one of zeros stays so."""
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def read_halfvec(data: bytes) -> np.ndarray:
    """The components of pgvector's binary halfvec, `(dim,)` float32.

    The format is two big-endian 16-bit numbers, the dimension and zero, then a big-endian half float a component.
    """
    return np.frombuffer(data, dtype=">f2", offset=4).astype(np.float32)


def read_halfvecs(several: Sequence[bytes]) -> list[np.ndarray]:
    """The components of several vectors, each `(dim,)` float32 and a view of one array: numpy is called once."""
    numbers = np.frombuffer(b"".join(memoryview(each)[4:] for each in several), dtype=">f2").astype(np.float32)
    ends = list(accumulate((len(each) - 4) // 2 for each in several))
    return [numbers[start:end] for start, end in zip([0, *ends], ends, strict=False)]
