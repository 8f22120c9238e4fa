"""Encoded pairs by set, which training draws its batches from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from app.types import Modality
from workers.encodings import Content, Encodings
from workers.training.pairs import Pair
from workers.training.side import Side
from workers.training.things import incidence, share
from workers.training.views import NO_VIEWS, Views

SMALLEST = 20  # pairs; a set of fewer teaches nothing


@dataclass(frozen=True, kw_only=True)
class PairSet:
    """Encoded pairs."""

    name: str
    left: Side
    right: Side

    def __len__(self) -> int:
        return len(self.left.rows)

    def to(self, device: torch.device) -> "PairSet":
        """The same pairs with their outputs on this device."""
        return replace(self, left=self.left.to(device), right=self.right.to(device))

    def same(self, pairs: Tensor) -> Tensor:
        """(batch, batch) bool: whether the left of one of these pairs and the right of another are the same thing."""
        return share(self.left.things_of(pairs), self.right.things_of(pairs))

    def same_as(self, side: Side, pairs: Tensor) -> Tensor:
        """(batch, batch) bool: whether either side of one of these pairs is the same thing as this side of another."""
        return share(self.left.things_of(pairs) + self.right.things_of(pairs), side.things_of(pairs))

    @property
    def modalities(self) -> frozenset[Modality]:
        """Of both sides: one or two."""
        return frozenset({self.left.modality, self.right.modality})


def encode_pairs(pairs: Iterable[Pair], encodings: Encodings, views: Views = NO_VIEWS) -> list[PairSet]:
    """Encodes pairs and gathers them by set, the unreadable and the smallest sets left out.

    Args:
        pairs: of any sets.
        encodings: of their contents.
        views: other views of what pairs that vary have on the left, and of pictures.
    """
    by_set: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_set[pair.set].append(pair)
    sets = [_encode_set(name, found, encodings, views) for name, found in by_set.items()]
    return [each for each in sets if len(each) >= SMALLEST]


def _encode_set(name: str, pairs: Sequence[Pair], encodings: Encodings, views: Views) -> PairSet:
    modalities = pairs[0].left[0], pairs[0].right[0]
    keys = [
        encodings.encode(modality, [content for _, content in side])
        for modality, side in zip(
            modalities, ([pair.left for pair in pairs], [pair.right for pair in pairs]), strict=True
        )
    ]
    whole = [
        (pair, left, right)
        for pair, left, right in zip(pairs, *keys, strict=True)
        if left is not None and right is not None
    ]
    numbers: dict[str, int] = {}  # of the things of both sides
    for thing in (thing for pair, _, _ in whole for thing in sorted(pair.left_things | pair.right_things)):
        numbers.setdefault(thing, len(numbers))
    lefts = [_Place(key, pair.left_things, pair.left[1], pair.varies) for pair, key, _ in whole]
    # The texts on the right are what others are brought to: they stay as they are.
    shown = modalities[1] is Modality.IMAGE
    rights = [_Place(key, pair.right_things, pair.right[1], pair.varies and shown) for pair, _, key in whole]
    return PairSet(
        name=name,
        left=_side(modalities[0], lefts, numbers, encodings, views),
        right=_side(modalities[1], rights, numbers, encodings, views),
    )


class _Place(NamedTuple):
    """A content on one side of one pair."""

    key: str
    things: frozenset[str]  # that it stands for there
    content: Content
    varies: bool


def _side(
    modality: Modality, places: Sequence[_Place], numbers: Mapping[str, int], encodings: Encodings, views: Views
) -> Side:
    """Each content once; it stands for all that it does in any pair."""
    things: dict[str, set[str]] = defaultdict(set)
    for place in places:
        things[place.key] |= place.things
    varying = {place.key: place.content for place in places if place.varies}
    added = _encode_views(modality, varying, encodings, views)
    keys = [[key, *added.get(key, [])] for key in things]
    flat = [view for own in keys for view in own]
    numbered = {key: number for number, key in enumerate(things)}
    return Side(
        modality=modality,
        outputs=torch.from_numpy(encodings.outputs(modality, flat)).half(),
        rows=torch.tensor([numbered[place.key] for place in places], dtype=torch.int64),
        things=incidence(list(things.values()), numbers),
        views=torch.tensor([len(own) for own in keys], dtype=torch.int64),
        keys=tuple(flat),
    )


def _encode_views(
    modality: Modality, contents: Mapping[str, Content], encodings: Encodings, views: Views
) -> dict[str, list[str]]:
    """The keys of the views of contents, by the contents' own keys; those that cannot be read are left out."""
    found = {key: views.of(content) for key, content in contents.items()}
    keys = iter(encodings.encode(modality, [view for own in found.values() for view in own]))
    return {key: [view for _ in own if (view := next(keys)) is not None] for key, own in found.items()}
