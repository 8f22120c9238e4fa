"""Trains and measures one choice of encoders after another for `triseek align compare`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.progress import Progress

from app.errors import JudgedSetInvalid
from app.types import EncoderCard, Modality, Role
from workers.alignment.artifact import Alignment
from workers.cli.align_run import blank_card
from workers.cli.compare_choice import Compared, Part, is_foreign, limited
from workers.cli.compare_encoders import MeanOfSegments, Timer, drawn
from workers.cli.options import LIMITS
from workers.encoders import registry
from workers.encoders.choice import cards_of
from workers.encodings import Content, Encodings, FileContent, TextContent
from workers.evaluation.judged import JudgedSet
from workers.evaluation.judging import ALL, Judgement, judge
from workers.evaluation.matrix import Group
from workers.training.class_names import class_names
from workers.training.loop import train
from workers.training.pair_sets import PairSet, encode_pairs
from workers.training.pairs import Pair, pairs_of
from workers.training.phrases import phrase_pairs
from workers.training.selection import DEV
from workers.training.settings import TrainingSettings

METRICS = ("R@1", "R@10", "MRR")
# The modality of queries, what they are called, what they are ranked against, whether only those in other languages.
ASKED = (
    (Modality.TEXT, "text", Modality.IMAGE, False),
    (Modality.TEXT, "text, not English", Modality.TEXT, True),
    (Modality.IMAGE, "image", ALL, False),
    (Modality.SPEECH, "speech", Modality.TEXT, False),
)
READ_BY = {Part.SEEN: (Modality.TEXT, Modality.IMAGE), Part.SPOKEN: (Modality.SPEECH,)}


@dataclass(frozen=True, kw_only=True)
class Row:
    """What queries of one set find on dev."""

    set: str
    query: str
    against: str
    modality: Modality  # of the queries
    n: int
    index: int  # products
    metrics: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What came of a choice."""

    choice: Compared
    cards: Mapping[Modality, EncoderCard]
    milliseconds: Mapping[Modality, float]  # of one thread, for a content
    rows: Sequence[Row]

    def document(self) -> dict[str, object]:
        """For machines."""
        encoders = {
            modality: {"id": self.cards[modality].id, "numbers": self.cards[modality].dim, "ms": round(taken, 2)}
            for modality, taken in self.milliseconds.items()
        }
        rows = [asdict(row) for row in self.rows]
        return {"choice": self.choice.name, "dim": self.choice.dim, "encoders": encoders, "rows": rows}


class Comparison:
    """The same training of every choice.

    Args:
        judged: learnt from and measured on.
        steps: of each stage.
        most: products of train that are learnt, of each set.
        cache: of encoder outputs.
        progress: shows how far it is.
    """

    def __init__(self, judged: Sequence[JudgedSet], steps: int, most: int, cache: Path, progress: Progress) -> None:
        self._judged = {part: [limited(each, part, most) for each in judged] for part in Part}
        self._settings = TrainingSettings(steps=steps, language_steps=steps, speech_steps=steps, fusion_steps=0)
        self._progress = progress
        self._usual = Encodings(cache, registry.default_cards(), LIMITS, progress)
        self._timer = Timer({modality: self._timed(modality) for modality in Modality})

    def measure(self, choice: Compared) -> Measured:
        """Trains its heads and measures them.

        Raises:
            WeightsInvalid: the weights of one of its encoders are missing or damaged.
            JudgedSetInvalid: the judged sets pair too little of what it changes.
        """
        encoded = self._encoded(choice)
        rows = [row for part in choice.parts for row in self._measure(choice, part, encoded)]
        if not rows:
            raise JudgedSetInvalid(f"The judged sets have too little to learn and to measure {choice.name} by.")
        read = [modality for part in choice.parts for modality in READ_BY[part]]
        taken = {modality: self._timer.of(cards_of(choice.encoders)[modality]) for modality in read}
        return Measured(choice=choice, cards=encoded.cards, milliseconds=taken, rows=rows)

    def _encoded(self, choice: Compared) -> Encodings:
        found = self._usual
        for modality, card in cards_of(choice.encoders).items():
            if card != self._usual.cards[modality]:
                found = found.with_encoder(self._timer.load(card))
        return MeanOfSegments(found, choice.means) if choice.means else found

    def _measure(self, choice: Compared, part: Part, encoded: Encodings) -> Iterator[Row]:
        judged = self._judged[part]
        sets = encode_pairs(_pairs(judged, part), encoded)
        if not any(len(each.modalities) > 1 for each in sets):
            return
        alignment = self._train(choice, part, sets, encoded)
        for each in judged:
            yield from _rows(each.name, judge(each, DEV, encoded, alignment))

    def _train(self, choice: Compared, part: Part, sets: Sequence[PairSet], encoded: Encodings) -> Alignment:
        settings = replace(self._settings, dim=choice.dim)
        # Cells are compared with their mean, and say nothing in words: nor may it.
        in_words = part is Part.SEEN and Modality.IMAGE not in choice.means
        names = class_names(encoded) if in_words else None
        blank = blank_card(encoded.cards, settings, names)
        task = self._progress.add_task("training", total=None)
        network, _ = train(
            sets,
            blank.inputs,
            blank.segments,
            settings,
            class_names=names,
            dev=lambda _: 0.0,  # the last step counts: what dev would choose, it could not measure
            on_step=lambda stage, _: self._progress.update(task, advance=1, description=f"{choice.name}: {stage}"),
        )
        self._progress.remove_task(task)
        return Alignment(network, blank)

    def _timed(self, modality: Modality) -> list[Content]:
        """What encoders of a modality are timed by: queries of dev, and pictures of its products."""
        found: list[Content] = []
        for each in (own for part in Part for own in self._judged[part]):
            queries = [query for query in each.of_split(DEV) if query.modality is modality]
            products = [product for product in each.products.values() if product.split == DEV]
            pictures = [path for product in products for path in product.images if modality is Modality.IMAGE]
            paths = [*(query.path for query in queries if query.path is not None), *pictures]
            found += [TextContent(query.text, Role.QUERY) for query in queries if query.path is None]
            found += [FileContent(path, modality) for path in paths if path.is_file()]
        return drawn(list(dict.fromkeys(found)))


def _pairs(judged: Sequence[JudgedSet], part: Part) -> Iterator[Pair]:
    """Recordings with what they say, or everything else."""
    for each in judged:
        for pair in (*pairs_of(each), *phrase_pairs(each, TrainingSettings.seed)):
            if (Modality.SPEECH in (pair.left[0], pair.right[0])) == (part is Part.SPOKEN):
                yield pair


def _rows(name: str, judgements: Sequence[Judgement]) -> Iterator[Row]:
    for modality, query, against, foreign in ASKED:
        own = [
            each
            for each in judgements
            if (each.query.modality, each.against) == (modality, against) and (is_foreign(each.query) or not foreign)
        ]
        if own:
            group = Group(query=query, against=against, kind="", lang="", judgements=own)
            metrics = {metric: group.mean(metric) for metric in METRICS}
            counts = {"n": len(own), "index": group.index}
            yield Row(set=name, query=query, against=against, modality=modality, **counts, metrics=metrics)
