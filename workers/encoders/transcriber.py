"""Whisper's whole model, run by CTranslate2 in 8 bits: what a recording says, in several languages and readings.

Source: Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, 2022 (arXiv 2212.04356).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import ctranslate2
import numpy as np
import torch
from tokenizers import Tokenizer

from workers.encoders.log_mel import log_mel
from workers.encoders.speech import BASE, Waveform

RECIPE = "2"  # another one reads recordings otherwise
BANDS = 80
RATE = 16_000  # Hz
PADDED = 5 * RATE  # shorter recordings get silence behind them: without any, the decoder repeats itself
LONGEST = 30 * RATE  # what is said after it is not read
# A word alone hardly tells its language: of real recordings Whisper base takes .30 of German and .51 of French ones
# for what they are. What is read in the three likeliest languages finds more on dev than in the right one alone.
LANGUAGES = 3
LIKELY = 0.02  # probability from which a second language is read, too
BEAMS = 5
READINGS = 5  # in each language
PUNCTUATION = " .,;:!?…¡¿。，、！？"  # around what is said: without it, names are found more often
LONGEST_TEXT = 64  # tokens


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """What a recording says."""

    language: str  # the likeliest, as Whisper names it: en, zh
    text: str  # the likeliest reading, as Whisper writes it; empty if nothing was understood
    readings: tuple[str, ...]  # to search by: in small letters, without punctuation around them, the likeliest first


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
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        # From a folder: of bytes that it is handed, the library would keep a copy beside what it made of them.
        with TemporaryDirectory() as made:
            folder = Path(made)
            carried = BASE.join(folder / "model.bin")[-1].parent
            for name in ("config.json", "vocabulary.json"):
                (folder / name).symlink_to(carried / name)
            model = ctranslate2.models.Whisper(made, device=device, compute_type="int8", intra_threads=threads)
        return cls(model, Tokenizer.from_file(str(carried / "tokenizer.json")))

    def transcribe(self, waveform: Waveform) -> Transcript:
        """What a recording says.

        Args:
            waveform: (samples,) mono at 16 kHz; of a long one, the first 30 seconds are read.
        """
        padded = np.zeros(min(max(len(waveform), PADDED), LONGEST), dtype=np.float32)
        padded[: len(waveform)] = waveform[: len(padded)]
        frames = log_mel(torch.from_numpy(padded), BANDS).numpy()  # (bands, frames)
        states = self._model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(frames[None])))
        languages = self._languages(states)
        written = self._read(states, languages)
        readings = dict.fromkeys(reading.lower().strip(PUNCTUATION) for reading in written)
        return Transcript(
            language=languages[0].strip("<|>"),
            text=next(filter(None, written), ""),
            readings=tuple(filter(None, readings)),
        )

    def _languages(self, states: ctranslate2.StorageView) -> list[str]:
        """The likeliest languages, as tokens: `<|en|>`."""
        (ranked,) = self._model.detect_language(states)
        return [token for place, (token, share) in enumerate(ranked[:LANGUAGES]) if not place or share >= LIKELY]

    def _read(self, states: ctranslate2.StorageView, languages: Sequence[str]) -> list[str]:
        """What a recording, (1, frames, channels), says in each of these languages, in one forward pass."""
        repeated = np.repeat(np.array(states.to_device(ctranslate2.Device.cpu)), len(languages), axis=0)
        prompts = [["<|startoftranscript|>", language, "<|transcribe|>", "<|notimestamps|>"] for language in languages]
        found = self._model.generate(
            ctranslate2.StorageView.from_array(repeated),
            prompts,
            beam_size=BEAMS,
            num_hypotheses=READINGS,
            max_length=LONGEST_TEXT + len(prompts[0]),
            no_repeat_ngram_size=3,
        )
        return [self._tokenizer.decode(ids).strip() for each in found for ids in each.sequences_ids]
