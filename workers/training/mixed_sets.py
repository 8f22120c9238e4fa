"""What fusions learn from: mixed queries of the train split, each with a text and a picture that answer it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from app.types import Modality
from workers.alignment.mixing import MIXTURES, Mixture, name_of
from workers.encodings import Content, Encodings
from workers.evaluation.judged import JudgedSet
from workers.evaluation.matrix import product_contents
from workers.evaluation.mixed import MixedQuery, mixed_queries
from workers.training.pairs import SMALLEST, Side, side_of

EACH, MOST = 24, 20_000  # as `mixed_queries` has them, for training
ANSWERS = (Modality.TEXT, Modality.IMAGE)  # by which products are found


@dataclass(frozen=True, kw_only=True)
class MixedSet:
    """Mixed queries of one mixture with what one modality of their products answers, encoded."""

    name: str
    parts: Mapping[Modality, Side]
    answer: Side
    groups: Tensor  # (queries,) int64; those of one group are never each other's negatives

    def __len__(self) -> int:
        return len(self.groups)


def mixed_sets(judged: Sequence[JudgedSet], encodings: Encodings, split: str = "train") -> list[MixedSet]:
    """The mixed queries of each set, mixture and answering modality; none of fewer than `SMALLEST`.

    A query's products answer in turn, each with its texts or pictures in turn, never with what the query is made of.
    """
    found = []
    for each in judged:
        for mixture in MIXTURES:
            queries = mixed_queries(each, split, mixture, each=EACH, most=MOST)
            for modality in ANSWERS:
                answered = list(_answered(each, queries, modality))
                made = _encode(f"{each.name} {name_of(mixture)}, {modality}", answered, mixture, modality, encodings)
                found += [made] if len(made) >= SMALLEST else []
    return found


def _answered(
    judged: JudgedSet, queries: Sequence[MixedQuery], modality: Modality
) -> Iterator[tuple[MixedQuery, Content]]:
    for number, query in enumerate(queries):
        own = {part.content for part in query.parts.values()}
        products = [judged.products[product] for product in sorted(query.relevant)]
        by_product = [
            [content for content in product_contents(modality, product, query.leave_out) if content not in own]
            for product in products
        ]
        answering = [contents for contents in by_product if contents]
        if answering:
            contents = answering[number % len(answering)]
            yield query, contents[number // len(answering) % len(contents)]


def _encode(
    name: str,
    answered: Sequence[tuple[MixedQuery, Content]],
    mixture: Mixture,
    modality: Modality,
    encodings: Encodings,
) -> MixedSet:
    sides = {own: [query.parts[own].content for query, _ in answered] for own in Modality if own in mixture}
    keys = {own: encodings.encode(own, contents) for own, contents in sides.items()}
    answers = encodings.encode(modality, [content for _, content in answered])
    every = list(zip(*keys.values(), answers, strict=True))
    whole = [number for number, own in enumerate(every) if None not in own]
    numbers: dict[str, int] = {}
    # The same thing may be asked for with more and fewer products that are relevant: the first stands for it.
    groups = [numbers.setdefault(min(answered[number][0].relevant), len(numbers)) for number in whole]
    return MixedSet(
        name=name,
        parts={own: side_of(own, [of[number] or "" for number in whole], encodings) for own, of in keys.items()},
        answer=side_of(modality, [answers[number] or "" for number in whole], encodings),
        groups=torch.tensor(groups, dtype=torch.int64),
    )
