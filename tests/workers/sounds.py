"""Sounds made for tests."""

import io

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

TONE = 440.0  # Hz


def tone(rate: int, seconds: float = 1.0, hertz: float = TONE, loudness: float = 0.5) -> Samples:
    """A steady tone: (samples,) float32."""
    times = np.arange(round(rate * seconds)) / rate
    return (loudness * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


def encoded(channels: Samples, rate: int, container: str, codec: str) -> bytes:
    """The bytes of a sound file.

    Args:
        channels: (samples,), or (channels, samples), -1 to 1.
        rate: samples a second, Hz.
        container: FFmpeg's name of a file format.
        codec: FFmpeg's name of an encoder.
    """
    channels = np.atleast_2d(channels).astype(np.float32)
    layout = "mono" if len(channels) == 1 else "stereo"
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(channels), format="fltp", layout=layout)
        frame.sample_rate = rate
        for own in (frame, None):  # None drains the encoder
            for packet in stream.encode(own):
                output.mux(packet)
    return file.getvalue()


def loudest(waveform: Samples, rate: int) -> float:
    """The frequency with the most power, Hz."""
    power = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform)))) ** 2
    return float(np.fft.rfftfreq(len(waveform), 1 / rate)[power.argmax()])
