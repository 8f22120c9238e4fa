"""What an interrupted training goes on from: one file, written whole or not at all."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

import torch

from app.errors import CheckpointInvalid

NAME = "training.checkpoint"
PERIOD = 60.0  # seconds between two checkpoints, unless dev is looked at sooner


class CheckpointFile:
    """The checkpoint of a training in its artifact's folder.

    Args:
        folder: the artifact's.
        fingerprint: of all that the training learns from and by; no other training goes on from its checkpoint.
        period: seconds.
    """

    def __init__(self, folder: Path, fingerprint: str, period: float = PERIOD) -> None:
        self.path = folder / NAME
        self._fingerprint = fingerprint
        self._period = period
        self._written = monotonic()

    @property
    def due(self) -> bool:
        """Whether the last one is a period old."""
        return monotonic() - self._written >= self._period

    def write(self, state: Mapping[str, Any]) -> None:
        """Keeps where the training is; the one before stays until this one is whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        torch.save({"fingerprint": self._fingerprint, "state": dict(state)}, partial)
        partial.replace(self.path)
        self._written = monotonic()

    @classmethod
    def require(cls, folder: Path) -> None:
        """Says at once that there is nothing to go on from, before anything is encoded.

        Raises:
            CheckpointInvalid: the folder has no checkpoint.
        """
        if not (folder / NAME).is_file():
            raise CheckpointInvalid(f"{folder} has no checkpoint: train without --resume.")

    def read(self) -> dict[str, Any]:
        """Where the training was.

        Raises:
            CheckpointInvalid: there is none, it is damaged, or it is another training's.
        """
        self.require(self.path.parent)
        try:
            found = torch.load(self.path, map_location="cpu", weights_only=True)
            fingerprint, state = found["fingerprint"], dict(found["state"])
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, KeyError, TypeError, ValueError) as error:
            raise CheckpointInvalid(f"{self.path} is damaged: train anew, without --resume.") from error
        if fingerprint != self._fingerprint:
            raise CheckpointInvalid(
                f"{self.path} is of a training with other data, settings or encoders: go on with the same ones, or"
                " train anew, without --resume."
            )
        return state

    def remove(self) -> None:
        """Once the artifact is there, nothing is left to go on from."""
        self.path.unlink(missing_ok=True)
