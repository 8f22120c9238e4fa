"""Small conversions of vectors."""

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
