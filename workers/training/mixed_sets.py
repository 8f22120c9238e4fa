"""What fusions learn from: mixed queries of the train split, each with a text and a picture that answer it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from app.types import Modality
from workers.alignment.mixing import MIXTURES, Mixture, name_of
from workers.encodings import Content, Encodings
from workers.evaluation.judged import EVERY_SPLIT, JudgedProduct, JudgedSet
from workers.evaluation.mixed import MixedQuery, mixed_queries
from workers.evaluation.products import product_contents
from workers.training.pair_sets import SMALLEST
from workers.training.pairs import things_of
from workers.training.places import Place, encode_side
from workers.training.side import Side
from workers.training.things import numbered, share

EACH, MOST = 24, 20_000  # as `mixed_queries` has them, for training
ANSWERS = (Modality.TEXT, Modality.IMAGE)  # by which products are found


@dataclass(frozen=True, kw_only=True)
class MixedSet:
    """Mixed queries of one mixture with what one modality of their products answers, encoded."""

    name: str
    parts: Mapping[Modality, Side]
    answer: Side

    def __len__(self) -> int:
        return len(self.answer.rows)

    def same(self, queries: Tensor) -> Tensor:
        """(batch, batch) bool: whether a part of one of these queries and the answer of another are the same thing."""
        return share(sum(side.things_of(queries) for side in self.parts.values()), self.answer.things_of(queries))

    @property
    def sides(self) -> tuple[Side, ...]:
        """The parts and the answer."""
        return *self.parts.values(), self.answer

    def to(self, device: torch.device) -> "MixedSet":
        """The same queries with their outputs on this device."""
        parts = {modality: side.to(device) for modality, side in self.parts.items()}
        return replace(self, parts=parts, answer=self.answer.to(device))


def mixed_sets(judged: Sequence[JudgedSet], encodings: Encodings, split: str = "train") -> list[MixedSet]:
    """The mixed queries of each set, mixture and answering modality; none of fewer than `SMALLEST`.

    A query's products answer in turn, each with its texts or pictures in turn, never with what the query is made of.
    """
    found = []
    for each in (_learnt(own, split) for own in judged):
        for mixture in MIXTURES:
            queries = mixed_queries(each, split, mixture, each=EACH, most=MOST)
            for modality in ANSWERS:
                made = _encode(each, list(_answered(each, queries, modality)), mixture, modality, encodings)
                found += [made] if len(made) >= SMALLEST else []
    return found


def _learnt(judged: JudgedSet, split: str) -> JudgedSet:
    """The set as `pairs_of` learns from it: queries of this very split, and what answers them in it."""
    products = {name: own for name, own in judged.products.items() if own.split in (split, EVERY_SPLIT)}
    queries = [
        replace(own, relevant=own.relevant.intersection(products)) for own in judged.queries if own.split == split
    ]
    return replace(judged, products=products, queries=tuple(own for own in queries if own.relevant))


class _Answered(NamedTuple):
    """A mixed query with something of a product that answers it."""

    query: MixedQuery
    product: JudgedProduct
    content: Content


def _answered(judged: JudgedSet, queries: Sequence[MixedQuery], modality: Modality) -> Iterator[_Answered]:
    for number, query in enumerate(queries):
        own = {part.content for part in query.parts.values()}
        answering = [
            (product, contents)
            for product in (judged.products[name] for name in sorted(query.relevant))
            if (contents := [each for each in product_contents(modality, product, query.leave_out) if each not in own])
        ]
        if answering:
            product, contents = answering[number % len(answering)]
            yield _Answered(query, product, contents[number // len(answering) % len(contents)])


def _encode(
    judged: JudgedSet, answered: Sequence[_Answered], mixture: Mixture, modality: Modality, encodings: Encodings
) -> MixedSet:
    asking = [own for own in Modality if own in mixture]
    keys = [encodings.encode(own, [each.query.parts[own].content for each in answered]) for own in asking]
    answers = encodings.encode(modality, [each.content for each in answered])
    whole = [
        (each, [key for key in own if key is not None])
        for each, *own in zip(answered, *keys, answers, strict=True)
        if None not in own
    ]
    asked = [
        frozenset(thing for name in each.query.relevant for thing in things_of(judged.name, judged.products[name]))
        for each, _ in whole
    ]
    numbers = numbered(asked)
    parts = {
        own: [
            Place(found[place], things, each.query.parts[own].content, varies=False)
            for (each, found), things in zip(whole, asked, strict=True)
        ]
        for place, own in enumerate(asking)
    }
    answering = [
        Place(found[-1], things_of(judged.name, each.product), each.content, varies=False) for each, found in whole
    ]
    return MixedSet(
        name=f"{judged.name} {name_of(mixture)}, {modality}",
        parts={own: encode_side(own, places, numbers, encodings) for own, places in parts.items()},
        answer=encode_side(modality, answering, numbers, encodings),
    )
