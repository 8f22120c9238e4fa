"""Encoded pairs by set, which training draws its batches from."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from app.types import Modality
from workers.encodings import Encodings
from workers.training.device import Projection
from workers.training.pairs import Pair
from workers.training.places import Place, encode_side
from workers.training.side import Side
from workers.training.things import numbered, share
from workers.training.views import NO_VIEWS, Views

SMALLEST = 20  # pairs; a set of fewer teaches nothing


@dataclass(frozen=True, kw_only=True)
class PairSet:
    """Encoded pairs."""

    name: str
    left: Side
    right: Side
    weight: float = 1.0  # how often it is drawn beside others of its size

    def __len__(self) -> int:
        return len(self.left.rows)

    def to(self, device: torch.device) -> "PairSet":
        """The same pairs with their outputs on this device."""
        return replace(self, left=self.left.to(device), right=self.right.to(device))

    def aimed(self, project: Projection) -> "PairSet":
        """The same pairs with what this makes of the outputs on the right."""
        return replace(self, right=self.right.through(project))

    def same(self, pairs: Tensor) -> Tensor:
        """(batch, batch) bool: whether the left of one of these pairs and the right of another are the same thing."""
        return share(self.left.things_of(pairs), self.right.things_of(pairs))

    @property
    def sides(self) -> tuple[Side, ...]:
        """Both of them."""
        return self.left, self.right

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
    numbers = numbered(pair.left_things | pair.right_things for pair, _, _ in whole)
    lefts = [Place(key, pair.left_things, pair.left[1], pair.varies) for pair, key, _ in whole]
    # The texts on the right are what others are brought to: they stay as they are.
    shown = modalities[1] is Modality.IMAGE
    rights = [Place(key, pair.right_things, pair.right[1], pair.varies and shown) for pair, _, key in whole]
    return PairSet(
        name=name,
        left=encode_side(modalities[0], lefts, numbers, encodings, views),
        right=encode_side(modalities[1], rights, numbers, encodings, views),
    )
