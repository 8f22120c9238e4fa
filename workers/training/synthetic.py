"""Speech made offline that teaches the speech head a large vocabulary: names and common words in many voices.

Recordings of real people stay the measure; this only widens what the head has heard.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# The sample catalogue's spoken queries use voices and wordings that training never hears; those are kept away here.
VARIANTS = ("", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+f1", "+f2", "+f3", "+f4", "+croak")
VOICES = {
    "en": ("en-us", "en-gb", "en-gb-x-rp", "en-029", "en-gb-x-gbcwmd", "en-gb-x-gbclan"),
    "zh": ("cmn",),
    "de": ("de",),
    "fr": ("fr-fr", "fr-be", "fr-ch"),
    "es": ("es", "es-419"),
    "it": ("it",),
    "pt": ("pt", "pt-br"),
    "ro": ("ro",),
    "ca": ("ca",),
    "sv": ("sv",),
    "nl": ("nl",),
    "ru": ("ru",),
}
HELD_OUT = frozenset({"en-us+f3"})
CARRIERS = {
    "en": ("{}, please", "I want {}", "find me {}", "a {}", "the {}", "where is the {}", "do you have {}", "buy {}"),
    "zh": ("我要{}", "找{}", "有没有{}", "一个{}"),
    "de": ("ich suche {}", "haben Sie {}"),
    "fr": ("je cherche {}", "avez-vous {}"),
    "es": ("busco {}", "quiero {}"),
}
CARRIED = 0.35  # share of utterances in a carrier phrase
NOISY = 0.4  # share with noise


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """Something to be said, and the text that it stands for."""

    text: str  # what it means, without the carrier phrase
    spoken: str
    voice: str
    rate: int  # words a minute
    pitch: int  # 0 to 100
    noise: float  # decibels that the noise lies below the speech; 0 for none

    @property
    def key(self) -> str:
        """What makes the recording, in one text."""
        return f"{self.voice}|{self.rate}|{self.pitch}|{self.noise:.0f}|{self.spoken}"


def utterances(vocabulary: Mapping[str, Sequence[str]], seed: int) -> Iterator[Utterance]:
    """One utterance for each text of the vocabulary (language -> texts), in a voice drawn from the seed and the text.

    So a vocabulary that grows keeps the utterances that it had.
    """
    for language, texts in vocabulary.items():
        for text in dict.fromkeys(texts):
            yield _utterance(text, language, random.Random(f"{seed} {language} {text}"))  # noqa: S311  not for secrets


def _utterance(text: str, language: str, chance: random.Random) -> Utterance:
    voice = chance.choice(VOICES[language]) + chance.choice(VARIANTS)
    carriers = CARRIERS.get(language, ())
    carried = carriers and chance.random() < CARRIED
    return Utterance(
        text=text,
        spoken=chance.choice(carriers).format(text) if carried else text,
        voice=voice.partition("+")[0] if voice in HELD_OUT else voice,
        rate=chance.randrange(120, 220, 10),
        pitch=chance.randrange(30, 75, 5),
        noise=chance.uniform(8, 30) if chance.random() < NOISY else 0.0,
    )


def with_noise(waveform: NDArray[np.float32], decibels: float, key: str) -> NDArray[np.float32]:
    """The waveform with white noise this far below it; 0 leaves it as it is. The same key gives the same noise."""
    if not decibels:
        return waveform
    noise = np.random.default_rng(list(key.encode())).standard_normal(len(waveform), dtype=np.float32)
    level = float(np.sqrt((waveform**2).mean())) * 10 ** (-decibels / 20)
    return waveform + level * noise
