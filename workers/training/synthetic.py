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
    "en": (
        "I want {}", "I want a {}", "find me {}", "find me the {}", "a {}", "the {}", "where is the {}",
        "where are the {}", "do you have {}", "do you sell {}", "buy {}", "show me {}", "show me your {}",
        "I am looking for {}", "I'm looking for a {}", "I need {} today", "could I get a {}", "can you show me the {}",
        "how much is the {}", "how much are {}", "add {} to my basket", "search for {}", "something like a {}",
        "my daughter would like a {}", "I would like to order {}", "please bring me {}", "have you got {} in stock",
        "what about {}", "{} for my brother", "{} for the kitchen", "a new {}", "two of the {}", "I lost my {}",
        "we should get {}", "a picture of a {}", "tell me about the {}", "it is called {}", "this must be {}",
        "I saw a {} yesterday", "let us take the {} home", "which {} is the best", "is this a {}",
        "is the {} still here", "there was a {} on the shelf", "another {}, thank you", "give me some {}, nothing else",
        "everyone talks of {}",
    ),
    "zh": (
        "我要{}", "一个{}", "给我来一个{}", "你们卖{}吗", "{}多少钱", "搜索{}", "想看看{}", "我喜欢这个{}",
        "妈妈要一件{}", "推荐一款{}", "这是{}", "新的{}", "送朋友的{}", "{}放在哪儿", "最便宜的{}",
    ),
    "de": ("ich suche {}", "haben Sie {}"),
    "fr": ("je cherche {}", "avez-vous {}"),
    "es": ("busco {}", "quiero {}"),
}  # fmt: skip
CARRIED = 0.6  # share of utterances in a carrier phrase
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
