"""The log-mel spectrogram that Whisper was trained on.

Source: Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, 2022 (arXiv 2212.04356), section
2.2; mel scale and filter areas: Slaney, Auditory Toolbox, 1998.
"""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

RATE = 16_000  # Hz
WINDOW = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
SHORTEST = WINDOW // 2 + 1  # samples: a shorter signal cannot be mirrored at its ends


def log_mel(waveform: Tensor, bands: int = 80) -> Tensor:
    """The spectrogram of a waveform: (samples,) float32 at 16 kHz to (bands, samples // 160) float32, about -1 to 1.

    A waveform shorter than half a window is filled up with silence.
    """
    if len(waveform) < SHORTEST:
        waveform = torch.nn.functional.pad(waveform, (0, SHORTEST - len(waveform)))
    spectrum = torch.stft(waveform, WINDOW, HOP, window=torch.hann_window(WINDOW), return_complex=True)
    power = spectrum[:, :-1].abs() ** 2  # (201, frames)
    log = torch.from_numpy(mel_filters(bands)).matmul(power).clamp(min=1e-10).log10()
    return (torch.maximum(log, log.max() - 8.0) + 4.0) / 4.0


@cache
def mel_filters(bands: int) -> NDArray[np.float32]:
    """Triangles of equal area on the mel scale, 0 to 8 kHz: (bands, 201)."""
    frequencies = np.linspace(0, RATE / 2, WINDOW // 2 + 1)  # Hz, of each bin
    edges = _hertz(np.linspace(0, _mel(RATE / 2), bands + 2))  # Hz, where the triangles begin, peak and end
    widths = np.diff(edges)
    slopes = edges[:, None] - frequencies  # (bands + 2, 201)
    rising, falling = -slopes[:-2] / widths[:-1, None], slopes[2:] / widths[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    area = 2 / (edges[2:] - edges[:-2])
    return (triangles * area[:, None]).astype(np.float32)


def _mel(hertz: float) -> float:
    """Slaney's scale: linear below 1 kHz (15 mel), logarithmic above, 27 mel for a factor of 6.4."""
    return 3 * hertz / 200 if hertz < 1000 else 15 + 27 * float(np.log(hertz / 1000) / np.log(6.4))


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mels < 15, 200 * mels / 3, 1000 * 6.4 ** ((mels - 15) / 27))
