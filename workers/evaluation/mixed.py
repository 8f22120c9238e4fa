"""Mixed queries of a judged set: text, picture and recording of one thing, put together from what the set has.

Queries with the same relevant products ask for the same thing. For each such thing that a split's queries ask for:

- its recordings are the spoken queries of the split;
- its pictures are the picture queries of the split; without any, the products' own pictures, if the thing has another
  one that stays in the index (of the same product, or of one that is relevant with it);
- its texts are its names in other languages than its title (`titles`, which no index holds); without any, the text
  queries of the split, with the fields that they leave out; without those too, the text queries of other splits whose
  `lang` is not English. Those of other splits are known to training, what they are mixed with is not.

Of a thing's recordings, pictures and texts at most `EACH` are taken, those with the smallest digests. The modality that
it has most of gives one mixed query for each, and the others take turns. Of more than `MOST` queries of one mixture,
again those with the smallest digests are taken. A query is never compared with what any part of it is made from.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.types import Modality, Role
from workers.alignment.mixing import Mixture
from workers.encodings import Content, FileContent, TextContent
from workers.evaluation.judged import JudgedProduct, JudgedQuery, JudgedSet

MOST = 400  # queries of one mixture
EACH = 8  # contents of one modality that ask for one thing


@dataclass(frozen=True, kw_only=True)
class MixedPart:
    """One content of a mixed query."""

    content: Content
    label: str  # which one of the thing's it is
    leave_out: tuple[str, ...] = ()  # fields that must not be in the index


@dataclass(frozen=True, kw_only=True)
class MixedQuery:
    """Two or three contents that ask for one thing."""

    parts: Mapping[Modality, MixedPart]
    relevant: frozenset[str]
    index: str  # the split whose products it is ranked over, or `all`

    @property
    def id(self) -> str:
        """What it is made of, in words."""
        return " + ".join(part.label for part in self.parts.values())

    @property
    def leave_out(self) -> tuple[str, ...]:
        """Fields that must not be in the index."""
        return tuple(sorted({name for part in self.parts.values() for name in part.leave_out}))


def mixed_queries(
    judged: JudgedSet, split: str | None, mixture: Mixture, *, each: int = EACH, most: int = MOST
) -> list[MixedQuery]:
    """A judged set's mixed queries of one mixture, the same each time.

    Args:
        judged: products and queries.
        split: of the queries; all if none.
        mixture: the modalities of each mixed query.
        each: contents of one modality that ask for one thing, at most.
        most: mixed queries, at most.
    """
    asked: dict[frozenset[str], list[JudgedQuery]] = defaultdict(list)
    for query in judged.of_split(split):
        asked[query.relevant].append(query)
    named: dict[frozenset[str], list[JudgedQuery]] = defaultdict(list)
    for query in judged.queries:
        if query.modality is Modality.TEXT:
            named[query.relevant].append(query)
    found: list[MixedQuery] = []
    for relevant, queries in asked.items():
        products = [judged.products[product] for product in sorted(relevant)]
        have = {
            Modality.TEXT: _texts(products, queries, named[relevant]),
            Modality.IMAGE: _pictures(products, queries),
            Modality.SPEECH: _files(queries, Modality.SPEECH),
        }
        own = {modality: _first(have[modality], each) for modality in Modality if modality in mixture}
        index = judged.index_of(queries[0])
        found += [MixedQuery(parts=parts, relevant=relevant, index=index) for parts in _in_turns(own)]
    return sorted(found, key=lambda query: _digest(query.id))[:most]


def _first(parts: Sequence[MixedPart], count: int) -> list[MixedPart]:
    return sorted(parts, key=lambda part: _digest(part.label))[:count]


def _digest(label: str) -> bytes:
    return hashlib.sha256(label.encode()).digest()


def _in_turns(have: Mapping[Modality, Sequence[MixedPart]]) -> Iterator[dict[Modality, MixedPart]]:
    if all(have.values()):
        for number in range(max(map(len, have.values()))):
            yield {modality: parts[number % len(parts)] for modality, parts in have.items()}


def _texts(
    products: Sequence[JudgedProduct], queries: Sequence[JudgedQuery], named: Sequence[JudgedQuery]
) -> list[MixedPart]:
    own = {product.title.casefold() for product in products}
    names = [name for product in products for name in product.titles.values() if name.casefold() not in own]
    if names:
        return [MixedPart(content=TextContent(name, Role.QUERY), label=name) for name in dict.fromkeys(names)]
    foreign = [query for query in named if query.lang not in ("", "en")]  # in English they are the title again
    typed = [query for query in queries if query.modality is Modality.TEXT] or foreign
    return [
        MixedPart(content=TextContent(query.text, Role.QUERY), label=query.id, leave_out=query.leave_out)
        for query in typed
    ]


def _pictures(products: Sequence[JudgedProduct], queries: Sequence[JudgedQuery]) -> list[MixedPart]:
    asked = _files(queries, Modality.IMAGE)
    pictures = list(dict.fromkeys(path for product in products for path in product.images))
    if asked or len(pictures) < 2:
        return asked
    return [MixedPart(content=FileContent(path, Modality.IMAGE), label=path.name) for path in pictures]


def _files(queries: Sequence[JudgedQuery], modality: Modality) -> list[MixedPart]:
    return [
        MixedPart(content=FileContent(query.path, modality), label=query.id, leave_out=query.leave_out)
        for query in queries
        if query.modality is modality and query.path is not None
    ]
