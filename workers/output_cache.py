"""Keeps what encoders gave, so that a second training starts in seconds."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workers.encoders.base import Pooled


def key_of(*parts: str | bytes) -> str:
    """The key of a content: SHA-256 over its parts, hex."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


class OutputCache:
    """Pooled outputs of one encoder by content, in a folder of append-only files.

    Args:
        folder: where all caches are.
        encoder: the encoder's `name@revision`; another one has another cache.
    """

    def __init__(self, folder: Path, encoder: str) -> None:
        self._folder = folder / encoder
        self._rows: dict[str, NDArray[np.float16]] = {}
        for path in sorted(self._folder.glob("*.npz")):
            with np.load(path) as stored:
                self._rows |= dict(zip(stored["keys"].tolist(), stored["outputs"], strict=True))

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def get(self, keys: Sequence[str]) -> NDArray[np.float16]:
        """The outputs of these keys, in their order: (n, dim)."""
        return np.stack([self._rows[key] for key in keys])

    def add(self, outputs: Mapping[str, Pooled]) -> None:
        """Keeps more outputs, as half floats: their error is far below the encoders' own."""
        if not outputs:
            return
        halves = {key: output.astype(np.float16) for key, output in outputs.items()}
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._folder / f".{uuid.uuid4().hex}"
        with partial.open("wb") as file:
            np.savez(file, keys=np.array(list(halves)), outputs=np.stack(list(halves.values())))
        partial.rename(self._folder / f"{uuid.uuid4().hex}.npz")
        self._rows |= halves
