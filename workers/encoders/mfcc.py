"""Speech by the mean of its mel-frequency cepstral coefficients: the sound of a recording, and none of its words.

Source: Davis and Mermelstein, Comparison of Parametric Representations for Monosyllabic Word Recognition, 1980.
"""

from collections.abc import Sequence
from typing import Self

import librosa
import numpy as np
import torch

from app.types import Role
from workers.encoders.base import Encoder, Pooled, Prepared, States
from workers.encoders.cards import MFCC
from workers.encoders.pooling import mean
from workers.encoders.speech import Waveform
from workers.encoders.steps import padded

RATE = 16_000  # Hz
WINDOW = 2048  # samples, librosa's own


class MfccEncoder(Encoder[Waveform]):
    """Recordings to 40 numbers, on the CPU."""

    card = MFCC
    budget = 32 * 10_000  # frames of 32 ms

    @classmethod
    def load(cls, device: torch.device) -> Self:  # noqa: ARG003  as every encoder is loaded
        """There is nothing to load."""
        return cls()

    def prepare(self, content: Waveform, role: Role) -> Prepared:  # noqa: ARG002  a voice reads the same on both sides
        """The coefficients of each frame, (frames, 40)."""
        filled = np.pad(content, (0, max(0, WINDOW - len(content))))  # librosa warns of what is shorter than a window
        found = librosa.feature.mfcc(y=filled, sr=RATE, n_mfcc=MFCC.dim)
        return Prepared(torch.from_numpy(found.T.astype(np.float32)), found.shape[1])

    def forward(self, batch: Sequence[Prepared]) -> States:
        """The frames as they are."""
        return padded([one.tensor for one in batch])

    def finish(self, states: States) -> Pooled:
        """The mean over the frames."""
        return mean(states)
