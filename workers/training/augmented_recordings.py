"""Other views of a recording: faster or slower, in noise, in a room."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from app.types import Role
from workers.encoders.base import Encoder, Prepared
from workers.media import MediaLimits, decode_sound
from workers.output_cache import key_of
from workers.training.synthetic import with_noise

RATE = 16_000  # Hz
RECIPE = "1"  # another one makes other views of the same number
SPEEDS = (0.88, 1.14)  # pitch goes with it
DECIBELS = (8.0, 30.0)  # that noise lies below the speech
REVERBERATION = (0.15, 0.6)  # seconds until a room's echo has lost 60 decibels
NOISY, ROOMY = 0.6, 0.5  # shares of views

Waveform = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class RecordingView:
    """A view of a recording in a file."""

    path: Path
    seed: int
    number: int

    @property
    def key(self) -> str:
        """What it is cached under."""
        return key_of("recording view", RECIPE, str(self.seed), str(self.number), self.path.read_bytes())

    def prepare(self, encoder: Encoder[Any], limits: MediaLimits) -> Prepared:
        """Ready for the forward pass."""
        waveform = decode_sound(self.path.read_bytes(), limits, RATE)
        return encoder.prepare(changed_recording(waveform, self.key), Role.PASSAGE)


def changed_recording(waveform: Waveform, key: str) -> Waveform:
    """The waveform at another speed, maybe in a room, maybe in noise; the same key changes it in the same way."""
    chance = np.random.default_rng(int(key[:15], 16))
    changed = at_speed(waveform, chance.uniform(*SPEEDS))
    if chance.random() < ROOMY:
        changed = in_a_room(changed, chance.uniform(*REVERBERATION), chance)
    return with_noise(changed, chance.uniform(*DECIBELS), key) if chance.random() < NOISY else changed


def at_speed(waveform: Waveform, speed: float) -> Waveform:
    """The waveform so many times as fast, and as many times as high."""
    changed: Waveform = soxr.resample(waveform, RATE * speed, RATE).astype(np.float32)
    return changed


def in_a_room(waveform: Waveform, seconds: float, chance: np.random.Generator) -> Waveform:
    """The waveform with its echo, as long and as loud as before.

    The room's answer to a click is white noise that decays exponentially behind the click itself.

    Args:
        waveform: (samples,).
        seconds: until the echo has lost 60 decibels.
        chance: what the echo is drawn from.

    Source:
        Polack, 1988, "La transmission de l'énergie sonore dans les salles".
    """
    times = np.arange(1, round(seconds * RATE)) / RATE
    echo = chance.standard_normal(len(times)) * 10 ** (-3 * times / seconds)
    answer = np.concatenate([[1.0], echo / max(float(np.linalg.norm(echo)), 1e-9)])
    heard = fftconvolve(waveform, answer)[: len(waveform)]
    loudness = np.linalg.norm(waveform) / max(float(np.linalg.norm(heard)), 1e-9)
    changed: Waveform = (heard * loudness).astype(np.float32)
    return changed
