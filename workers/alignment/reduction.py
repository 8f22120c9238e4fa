"""Fewer numbers a vector: the axes along which the vectors of a space differ most."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from app.errors import ArtifactInvalid

REDUCTION = "reduction.safetensors"

Vectors = NDArray[np.float32]  # (n, dim) unit length


@dataclass(frozen=True)
class ReducedTo:
    """What an artifact's card says of its reduction."""

    dim: int  # numbers of a vector that is stored
    sha256: str  # of the file


@dataclass(frozen=True)
class Reduction:
    """Orthonormal axes, (from, to).

    Source: Jolliffe, 2002, "Principal Component Analysis"; about the origin, as cosines are.
    """

    axes: NDArray[np.float32]

    @classmethod
    def of(cls, vectors: Vectors, dim: int) -> "Reduction":
        """The axes along which these vectors are longest, so many."""
        ascending = np.linalg.eigh(vectors.T.astype(np.float64) @ vectors)[1]
        return cls(np.ascontiguousarray(ascending[:, ::-1][:, :dim], dtype=np.float32))

    @classmethod
    def read(cls, folder: Path, told: ReducedTo) -> "Reduction":
        """Reads an artifact's.

        Raises:
            ArtifactInvalid: it is missing or damaged.
        """
        path = folder / REDUCTION
        try:
            data = path.read_bytes()
            axes = load(data)["axes"]
        except (OSError, SafetensorError, KeyError) as error:
            raise ArtifactInvalid(f"{path} cannot be read: {error}.") from error
        if hashlib.sha256(data).hexdigest() != told.sha256 or axes.shape[1] != told.dim:
            raise ArtifactInvalid(f"{path} is not the file that its card describes.")
        return cls(axes)

    def write(self, folder: Path) -> ReducedTo:
        """Writes it into an artifact's folder; what its card is to say."""
        data = save({"axes": self.axes})
        (folder / REDUCTION).write_bytes(data)
        return ReducedTo(dim=self.axes.shape[1], sha256=hashlib.sha256(data).hexdigest())

    def apply(self, vectors: Vectors) -> Vectors:
        """(n, from) to (n, to), both unit length."""
        short = vectors @ self.axes
        found: Vectors = short / np.linalg.norm(short, axis=1, keepdims=True).clip(min=1e-9)
        return found

    def undo(self, vectors: Vectors) -> Vectors:
        """(n, to) to the nearest (n, from) of unit length."""
        found: Vectors = vectors @ self.axes.T
        return found
