"""Speech by wav2vec 2.0: the mean over its frames, one for 20 ms.

Source: Baevski et al., wav2vec 2.0, NeurIPS 2020 (arXiv 2006.11477).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, Wav2Vec2FeatureExtractor

from app.errors import WeightsInvalid
from app.types import EncoderCard, Role
from workers.encoders.base import Encoder, Pooled, Prepared, States
from workers.encoders.device import dtype_of, moved
from workers.encoders.pooling import mean
from workers.encoders.pretrained import load_model
from workers.encoders.speech import Waveform
from workers.encoders.steps import padded, windows_of

RATE = 16_000  # Hz
LONGEST = 30 * RATE  # samples of one window: attention grows with their square


class Wav2Vec2Encoder(Encoder[Waveform]):
    """Recordings to as many numbers as a hidden state has.

    Where the convolutions end in a group norm, as in the base models, it looks along the whole batch row, padding and
    all, and a mask does not help: only windows of the very same length go through together.
    """

    budget = 6 * LONGEST  # samples, three minutes

    def __init__(
        self, network: PreTrainedModel, extractor: Wav2Vec2FeatureExtractor, card: EncoderCard, device: torch.device
    ) -> None:
        self.network, self.extractor, self.card, self.device = network, extractor, card, device
        self.alike = network.config.feat_extract_norm == "group"
        layers = zip(network.config.conv_kernel, network.config.conv_stride, strict=True)
        self.layers = tuple(layers)  # kernel and stride, samples

    @classmethod
    def load(cls, folder: Path, card: EncoderCard, device: torch.device) -> Self:
        """Loads a checkpoint with its settings for recordings.

        Raises:
            WeightsInvalid: something is missing or damaged, or it wants another rate than 16 kHz.
        """
        network = load_model(folder, device)
        try:
            extractor = Wav2Vec2FeatureExtractor.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, ImportError) as error:
            raise WeightsInvalid(f"{folder} does not say how recordings are prepared: {error}") from error
        if extractor.sampling_rate != RATE:
            raise WeightsInvalid(f"{folder} wants recordings at {extractor.sampling_rate} Hz, not at {RATE}.")
        return cls(network, extractor, card, device)

    def prepare(self, content: Waveform, role: Role) -> Prepared:  # noqa: ARG002  a voice reads the same on both sides
        """The waveform, at zero mean and unit variance where the checkpoint wants that: (samples,) float32."""
        found = self.extractor(content, sampling_rate=RATE, return_tensors="pt")
        samples = found["input_values"][0]
        samples = nn.functional.pad(samples, (0, max(0, self._shortest() - len(samples))))
        return Prepared(samples, len(samples))

    def forward(self, batch: Sequence[Prepared]) -> States:
        """Last hidden states: (batch, frames, width). What is longer than 30 s is read in equal windows."""
        windows = [windows_of(one.tensor, LONGEST) for one in batch]
        found = iter(self._read([window for parts in windows for window in parts]))
        return padded([torch.cat([next(found) for _ in parts]) for parts in windows])

    def finish(self, states: States) -> Pooled:
        """The mean over the frames."""
        return mean(states)

    def _read(self, windows: Sequence[Tensor]) -> list[Tensor]:
        """The frames of each window, (frames, width)."""
        if not self.alike:
            return self._pass(windows)
        found: dict[int, Tensor] = {}
        for length in {len(window) for window in windows}:
            places = [place for place, window in enumerate(windows) if len(window) == length]
            found |= dict(zip(places, self._pass([windows[place] for place in places]), strict=True))
        return [found[place] for place in range(len(windows))]

    def _pass(self, windows: Sequence[Tensor]) -> list[Tensor]:
        lengths = torch.tensor([len(window) for window in windows])
        samples = nn.utils.rnn.pad_sequence(list(windows), batch_first=True)  # (windows, samples)
        mask = (torch.arange(samples.shape[1]) < lengths[:, None]).long()
        inputs = moved(samples, self.device).to(dtype_of(self.device))
        hidden = self.network(inputs, attention_mask=None if self.alike else mask.to(self.device)).last_hidden_state
        return [row[: self._frames(int(length))] for row, length in zip(hidden, lengths, strict=True)]

    def _frames(self, samples: int) -> int:
        """How many frames so many samples give."""
        for kernel, stride in self.layers:
            samples = (samples - kernel) // stride + 1
        return samples

    def _shortest(self) -> int:
        """Samples that one frame is made of."""
        samples = 1
        for kernel, stride in reversed(self.layers):
            samples = (samples - 1) * stride + kernel
        return samples
