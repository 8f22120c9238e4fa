"""Whisper's whole model, run by CTranslate2 in 8 bits: what a recording says, in several readings.

Source: Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, 2022 (arXiv 2212.04356).
"""

from dataclasses import dataclass
from typing import Self

import ctranslate2
import numpy as np
import torch
from tokenizers import Tokenizer

from workers.encoders.log_mel import log_mel
from workers.encoders.speech import BASE, Waveform

BANDS = 80
RATE = 16_000  # Hz
PADDED = 5 * RATE  # shorter recordings get silence behind them: without any, the decoder repeats itself
LONGEST = 30 * RATE  # what is said after it is not read
BEAMS = 5
LONGEST_TEXT = 64  # tokens


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """What a recording says."""

    language: str  # as Whisper names it: en, zh
    readings: tuple[str, ...]  # the likeliest first; none if nothing was understood

    @property
    def text(self) -> str:
        """The likeliest reading, empty if there is none."""
        return self.readings[0] if self.readings else ""


class Transcriber:
    """Reads recordings in a hundred languages."""

    def __init__(self, model: ctranslate2.models.Whisper, tokenizer: Tokenizer) -> None:
        self._model = model
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, threads: int) -> Self:
        """Loads Whisper base from the packages that carry it.

        Raises:
            WeightsInvalid: the weight file is missing or damaged.
        """
        parts = BASE.verified()
        folder = parts[-1].parent
        files = {name: (folder / name).read_bytes() for name in ("config.json", "vocabulary.json")}
        files["model.bin"] = b"".join(part.read_bytes() for part in parts)
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        model = ctranslate2.models.Whisper(
            "whisper-base", device=device, compute_type="int8", intra_threads=threads, files=files
        )
        return cls(model, Tokenizer.from_file(str(folder / "tokenizer.json")))

    def transcribe(self, waveform: Waveform) -> Transcript:
        """What a recording says.

        Args:
            waveform: (samples,) mono at 16 kHz; of a long one, the first 30 seconds are read.
        """
        padded = np.zeros(min(max(len(waveform), PADDED), LONGEST), dtype=np.float32)
        padded[: len(waveform)] = waveform[: len(padded)]
        frames = log_mel(torch.from_numpy(padded), BANDS).numpy()  # (bands, frames)
        states = self._model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(frames[None])))
        language = self._model.detect_language(states)[0][0][0]  # <|en|>
        prompt = ["<|startoftranscript|>", language, "<|transcribe|>", "<|notimestamps|>"]
        (found,) = self._model.generate(
            states,
            [prompt],
            beam_size=BEAMS,
            num_hypotheses=BEAMS,
            max_length=LONGEST_TEXT + len(prompt),
            no_repeat_ngram_size=3,
        )
        readings = [self._tokenizer.decode(ids).strip() for ids in found.sequences_ids]
        return Transcript(language=language.strip("<|>"), readings=tuple(filter(None, dict.fromkeys(readings))))
