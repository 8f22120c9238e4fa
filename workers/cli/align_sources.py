"""What `triseek align train --data` learns from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from app.errors import JudgedSetInvalid
from workers.encodings import Encodings
from workers.evaluation.judged import JudgedSet, load_judged_set
from workers.training.dictionary import DICTIONARY_PHRASES, DICTIONARY_WORDS, dictionary_pairs, translation_pairs
from workers.training.freedict import translations
from workers.training.held_out import with_dev
from workers.training.pair_sets import SMALLEST, PairSet, encode_pairs
from workers.training.pairs import Pair, pairs_of
from workers.training.phrases import phrase_pairs
from workers.training.selection import DEV
from workers.training.settings import TrainingSettings
from workers.training.views import Views
from workers.training.vocabulary import synthetic_pairs

# Many shoppers ask in Chinese, which is farthest from English.
WEIGHTS = dict.fromkeys((DICTIONARY_WORDS, DICTIONARY_PHRASES), 2.0)
FEWEST_KEPT = 20  # products to judge by, below which chance decides


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What is learnt from."""

    folders: Sequence[Path]  # judged sets
    synthetic: bool  # whether synthetic speech is, too
    dictionary: int  # words of the Chinese-English dictionary
    translations: Path | None  # a folder of FreeDict's dictionaries

    def judged(self, console: Console) -> list[JudgedSet]:
        """The judged sets, each with something to judge by; says what they lack."""
        found = [load_judged_set(folder) for folder in self.folders]
        for missing in (path for each in found for path in each.missing):
            console.print(f"left out: {missing} is missing", highlight=False, soft_wrap=True)
        judged = with_dev(found)
        if judged != found:
            kept = sum(product.split == DEV for each in judged for product in each.products.values())
            console.print(f"No split val: {kept} products of train are kept apart to judge by, and not learnt from.")
            if kept < FEWEST_KEPT:
                console.print("So few hardly tell which step is best: take dev's figures below for little.")
        return judged

    def sets(self, judged: Sequence[JudgedSet], encoded: Encodings, settings: TrainingSettings) -> list[PairSet]:
        """The encoded pairs.

        Raises:
            JudgedSetInvalid: the judged sets pair no two modalities often enough.
        """
        own = [pair for each in judged for pair in (*pairs_of(each), *phrase_pairs(each, settings.seed))]
        views = Views(count=settings.views, recordings=settings.recording_views, seed=settings.seed)
        sets = [
            replace(each, weight=WEIGHTS.get(each.name, 1.0))
            for each in encode_pairs([*own, *self._general(judged, settings.seed)], encoded, views)
        ]
        crossing = {pair.set for pair in own if pair.left[0] is not pair.right[0]}
        if not crossing & {each.name for each in sets}:
            raise JudgedSetInvalid(
                f"There is too little to learn from in the train split of {', '.join(map(str, self.folders))}:"
                f" no two modalities stand side by side at least {SMALLEST} times."
            )
        return sets

    def _general(self, judged: Sequence[JudgedSet], seed: int) -> Iterator[Pair]:
        translated = [] if self.translations is None else translations(self.translations)
        if self.synthetic:
            yield from synthetic_pairs(judged, seed, translated=translated)
        yield from dictionary_pairs(seed, self.dictionary)
        yield from translation_pairs(translated, seed)
