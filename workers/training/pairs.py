"""What training learns from: pairs of contents that stand for the same thing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from app.types import Modality, Role
from workers.encodings import Content, Encodings, FileContent, TextContent
from workers.evaluation.judged import EVERY_SPLIT, JudgedProduct, JudgedQuery, JudgedSet

FEW = 3  # a query that many products answer is paired with so many of them
SPOKEN = "speech-text"  # the set of recordings with what they say
SMALLEST = 20  # pairs; a set of fewer teaches nothing


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two contents of one thing. Pairs of one group are never each other's negatives."""

    set: str  # pairs of one set are contrasted with each other
    left: tuple[Modality, Content]
    right: tuple[Modality, Content]
    group: str


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of a set of pairs: each content once, and which of them each pair has."""

    modality: Modality
    outputs: Tensor  # (contents, inputs) float16, as they are cached
    rows: Tensor  # (pairs,) int64

    def take(self, pairs: Tensor) -> Tensor:
        """(batch, inputs) float32 outputs of these pairs."""
        return self.outputs[self.rows[pairs]].float()

    @cached_property
    def lengths(self) -> Tensor:
        """(contents,) how many numbers of each output are not zero: a recording's are zero behind its end."""
        return self.outputs.count_nonzero(dim=1)


@dataclass(frozen=True, kw_only=True)
class PairSet:
    """Encoded pairs."""

    name: str
    left: Side
    right: Side
    groups: Tensor  # (pairs,) int64

    def __len__(self) -> int:
        return len(self.groups)

    @property
    def modalities(self) -> frozenset[Modality]:
        """Of both sides: one or two."""
        return frozenset({self.left.modality, self.right.modality})


def pairs_of(judged: JudgedSet, split: str = "train") -> Iterator[Pair]:
    """The pairs of a judged set's split: what a product has of itself, and queries with what answers them."""
    products = {product.id: product for product in judged.products.values() if product.split in (split, EVERY_SPLIT)}
    for product in products.values():
        yield from _pairs_of_product(judged.name, product)
    for query in judged.queries:
        answers = [products[product] for product in sorted(query.relevant) if product in products]
        if query.split == split and answers:
            yield from _pairs_of_query(judged.name, query, answers)


def _pairs_of_product(name: str, product: JudgedProduct) -> Iterator[Pair]:
    pictures = [(Modality.IMAGE, FileContent(path, Modality.IMAGE)) for path in product.images]
    own = [(Modality.TEXT, TextContent(text, Role.PASSAGE)) for text in product.texts()]
    translated = [(Modality.TEXT, TextContent(title, Role.QUERY)) for title in product.titles.values()]
    group = product.title.casefold()
    for picture in pictures:
        for text in own + translated:
            yield Pair(set=f"{name} text-image", left=text, right=picture, group=group)
    for text in translated:
        yield Pair(set=f"{name} text-text", left=text, right=own[0], group=group)


def _pairs_of_query(name: str, query: JudgedQuery, answers: Sequence[JudgedProduct]) -> Iterator[Pair]:
    # What many products answer (`red shoes`) is no product's own name: its other answers are no negatives.
    phrase = len(query.relevant) > 1
    for product in answers[:: max(1, len(answers) // FEW)][:FEW]:
        group = (query.text or query.id).casefold() if phrase else product.title.casefold()
        asked = _content(query)
        for path in product.images:
            picture = (Modality.IMAGE, FileContent(path, Modality.IMAGE))
            kind = "phrase-image" if phrase and query.modality is Modality.TEXT else f"{query.modality}-image"
            yield Pair(set=f"{name} {kind}", left=asked, right=picture, group=group)
        for text in _answering_texts(query, product):
            content = (Modality.TEXT, TextContent(text, Role.PASSAGE))
            # All that is said is contrasted with all else that is said, whatever set it is of.
            kind = SPOKEN if query.modality is Modality.SPEECH else f"{name} {query.modality}-text"
            yield Pair(set=kind, left=asked, right=content, group=group)


def _answering_texts(query: JudgedQuery, product: JudgedProduct) -> list[str]:
    if query.modality is Modality.SPEECH:
        # A spoken word is paired with the thing's name, also in its own language, never with a whole description.
        return [text for text in dict.fromkeys((product.title, product.titles.get(query.lang, ""))) if text]
    return product.texts()


def _content(query: JudgedQuery) -> tuple[Modality, Content]:
    if query.modality is Modality.TEXT or query.path is None:
        return Modality.TEXT, TextContent(query.text, Role.QUERY)
    return query.modality, FileContent(query.path, query.modality)


def encode_pairs(pairs: Iterable[Pair], encodings: Encodings) -> list[PairSet]:
    """Encodes pairs and gathers them by set, the unreadable and the smallest sets left out."""
    by_set: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_set[pair.set].append(pair)
    sets = [_encode_set(name, found, encodings) for name, found in by_set.items()]
    return [each for each in sets if len(each) >= SMALLEST]


def _encode_set(name: str, pairs: Sequence[Pair], encodings: Encodings) -> PairSet:
    keys = [
        encodings.encode(side[0][0], [content for _, content in side])
        for side in ([pair.left for pair in pairs], [pair.right for pair in pairs])
    ]
    whole = [number for number, both in enumerate(zip(*keys, strict=True)) if None not in both]
    groups: dict[str, int] = {}
    numbers = [groups.setdefault(pairs[number].group, len(groups)) for number in whole]
    left, right = (
        side_of(modality, [own[number] or "" for number in whole], encodings)
        for modality, own in zip((pairs[0].left[0], pairs[0].right[0]), keys, strict=True)
    )
    return PairSet(name=name, left=left, right=right, groups=torch.tensor(numbers, dtype=torch.int64))


def side_of(modality: Modality, keys: Sequence[str], encodings: Encodings) -> Side:
    """A side of encoded contents, by their keys."""
    unique = list(dict.fromkeys(keys))
    places = {key: place for place, key in enumerate(unique)}
    outputs = torch.from_numpy(encodings.outputs(modality, unique)).half()
    return Side(modality=modality, outputs=outputs, rows=torch.tensor([places[key] for key in keys], dtype=torch.int64))
