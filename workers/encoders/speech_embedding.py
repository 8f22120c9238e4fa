"""Speech by the network that wake words are heard with: 96 numbers for 775 ms, every 80 ms, pooled by segments.

Its pictures of sound are decibels in 32 mel bands every 10 ms, a tenth of them plus 2; a window is 76 of those.

Source: Lin et al., Training Keyword Spotters with Limited and Synthesized Speech Data, ICASSP 2020 (arXiv 2002.01322);
the order of its steps: `feature_extractor.py` of livekit-wakeword 0.3.0.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray

from app.errors import WeightsInvalid
from app.types import Role
from workers.encoders.base import Encoder, Pooled, Prepared, States
from workers.encoders.cards import SPEECH_EMBEDDING, SPEECH_EMBEDDING_WEIGHTS
from workers.encoders.pooling import segments
from workers.encoders.speech import Waveform
from workers.encoders.steps import padded

WINDOW, STRIDE = 76, 8  # frames of 10 ms
SHORTEST = 12_640  # samples that give one window of frames
WIDTH = 96


class Session(Protocol):
    """A network of ONNX that is ready to run."""

    def run(self, outputs: None, inputs: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """All outputs for these inputs."""


class SpeechEmbeddingEncoder(Encoder[Waveform]):
    """Recordings to up to 32 segments of 96 numbers, on the CPU."""

    card = SPEECH_EMBEDDING
    budget = 32 * 3000  # frames of 10 ms

    def __init__(self, mel: Session, network: Session) -> None:
        self.mel, self.network = mel, network

    @classmethod
    def load(cls, device: torch.device) -> Self:  # noqa: ARG003  it always runs on the CPU
        """Loads both networks of the installed package.

        Raises:
            WeightsInvalid: a package is missing, or a weight file is missing or damaged.
        """
        mel, network = SPEECH_EMBEDDING_WEIGHTS.verified()
        return cls(_session(mel), _session(network))

    def prepare(self, content: Waveform, role: Role) -> Prepared:  # noqa: ARG002  a voice reads the same on both sides
        """The windows of the recording, (windows, 76, 32); one that is too short has silence behind it."""
        filled = np.pad(content, (0, max(0, SHORTEST - len(content)))).astype(np.float32)
        (found,) = self.mel.run(None, {"input": filled[None]})
        frames = torch.from_numpy(found).reshape(-1, found.shape[-1]) / 10 + 2  # (frames, 32)
        return Prepared(frames.unfold(0, WINDOW, STRIDE).transpose(1, 2), len(frames))

    def forward(self, batch: Sequence[Prepared]) -> States:
        """A vector each 80 ms: (batch, windows, 96)."""
        windows = torch.cat([one.tensor for one in batch])[..., None].numpy()  # (all windows, 76, 32, 1)
        (found,) = self.network.run(None, {"input_1": windows})
        vectors = torch.from_numpy(found).reshape(-1, WIDTH)
        return padded(torch.split(vectors, [len(one.tensor) for one in batch]))

    def finish(self, states: States) -> Pooled:
        """The means of up to 32 equal segments of the windows, side by side."""
        return segments(states, SPEECH_EMBEDDING.segments, shortest=1)


def _session(path: Path) -> Session:
    try:
        runtime = import_module("onnxruntime")
    except ImportError as error:
        raise WeightsInvalid(f"The package onnxruntime, which runs {path.name}, is not installed.") from error
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session: Session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session
