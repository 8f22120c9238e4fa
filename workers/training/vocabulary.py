"""What the speech head is taught to hear: names from the judged sets, picture classes, common words."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import wordfreq
from torchvision.models import ResNet50_Weights

from app.sample.speech import synthesise
from app.types import Modality, Role
from workers.encoders.base import Encoder, Prepared
from workers.encodings import TextContent
from workers.evaluation.judged import EVERY_SPLIT, JudgedSet
from workers.media import MediaLimits, decode_sound
from workers.output_cache import key_of
from workers.training.dictionary import english_names
from workers.training.freedict import Translation
from workers.training.pairs import SPOKEN, Pair
from workers.training.synthetic import VOICES, Utterance, utterances, with_noise

# Language -> how many of its most frequent words are passed over (they name nothing), and how many are then taken.
COMMON_WORDS = {"en": (300, 2500), "zh": (100, 400), "de": (200, 200), "fr": (200, 200), "es": (200, 200)}
NAMES = {"zh": 1.0, "de": 0.5, "fr": 0.5, "es": 0.5}  # language -> share of a judged set's translated names
OTHERS = 0.1  # of those in any other language
PHRASES = 400  # of a judged set's text queries, at most
MEANINGS = 10_000  # English names of things, of a dictionary's
TRANSLATED = 1_800  # words of each other language that dictionaries translate, the most frequent ones


@dataclass(frozen=True)
class SyntheticContent:
    """An utterance, spoken when it is encoded."""

    utterance: Utterance

    @property
    def key(self) -> str:
        """What it is cached under."""
        return key_of("synthetic", self.utterance.key)

    def prepare(self, encoder: Encoder[Any], limits: MediaLimits) -> Prepared:
        """Ready for the forward pass."""
        said = self.utterance
        waveform = decode_sound(synthesise(said.spoken, voice=said.voice, rate=said.rate, pitch=said.pitch), limits)
        return encoder.prepare(with_noise(waveform, said.noise, said.key), Role.QUERY)


def synthetic_pairs(
    judged: Sequence[JudgedSet], seed: int, split: str = "train", translated: Sequence[Translation] = ()
) -> Iterator[Pair]:
    """Synthetic recordings, and the carrier phrases in writing, paired with the texts that they stand for."""
    for said in utterances(vocabulary(judged, seed, split, translated), seed):
        meant = (Modality.TEXT, TextContent(said.text, Role.PASSAGE))
        things = frozenset({said.text.casefold()})
        heard = (Modality.SPEECH, SyntheticContent(said))
        yield Pair(set=SPOKEN, left=heard, right=meant, left_things=things, right_things=things)
        if said.spoken != said.text:
            written = (Modality.TEXT, TextContent(said.spoken, Role.QUERY))
            yield Pair(set="carried text-text", left=written, right=meant, left_things=things, right_things=things)


def vocabulary(
    judged: Sequence[JudgedSet], seed: int, split: str = "train", translated: Sequence[Translation] = ()
) -> dict[str, list[str]]:
    """Language -> texts to be spoken: only what the split may show, and words that belong to no set.

    Args:
        judged: whose names are spoken.
        seed: which of them are.
        split: of the judged sets.
        translated: words of dictionaries, the most frequent ones of each language first.
    """
    chance = random.Random(seed)  # noqa: S311  not for secrets
    texts: dict[str, list[str]] = defaultdict(list)
    for each in judged:
        _add_names(each, split, chance, texts)
    texts["en"] += ResNet50_Weights.IMAGENET1K_V2.meta["categories"]
    texts["en"] += chance.sample(english_names(), MEANINGS)
    for language, (skipped, taken) in COMMON_WORDS.items():
        frequent = wordfreq.top_n_list(language, 2 * (skipped + taken))
        words = [word for word in frequent if _names_something(word, language)]
        texts[language] += words[skipped : skipped + taken]
    for language in VOICES:
        texts[language] += [each.word for each in translated if each.language == language][:TRANSLATED]
    return {language: texts[language] for language in VOICES}


def _add_names(judged: JudgedSet, split: str, chance: random.Random, texts: dict[str, list[str]]) -> None:
    products = [product for product in judged.products.values() if product.split in (split, EVERY_SPLIT)]
    for product in products:
        if product.titles:
            texts["en"].append(product.title)
        for language, title in product.titles.items():
            spoken = language.partition("_")[0]
            if spoken in VOICES and spoken != "en" and chance.random() < NAMES.get(spoken, OTHERS):
                texts[spoken].append(title)
    english = [query for query in judged.queries if query.split == split and query.lang in ("", "en") and query.text]
    texts["en"] += [query.text for query in chance.sample(english, min(PHRASES, len(english)))]


def _names_something(word: str, language: str) -> bool:
    if language == "zh":
        return len(word) >= 2 and all("\u4e00" <= character <= "\u9fff" for character in word)
    return len(word) >= 4 and word.isalpha()
