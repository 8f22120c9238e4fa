"""Encoded pairs by set, which training draws its batches from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from scipy.sparse import csr_array
from torch import Tensor

from app.types import Modality
from workers.encodings import Encodings
from workers.training.pairs import Pair
from workers.training.things import incidence, share

SMALLEST = 20  # pairs; a set of fewer teaches nothing


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of a set of pairs: each content once, and which of them each pair has."""

    modality: Modality
    outputs: Tensor  # (contents, inputs) float16, as they are cached
    rows: Tensor  # (pairs,) int64
    things: csr_array  # (contents, things) bool: what each content stands for
    keys: tuple[str, ...] = ()  # what each content is cached under

    def things_of(self, pairs: Tensor) -> csr_array:
        """(batch, things) bool of these pairs."""
        return self.things[self.rows[pairs].numpy()]

    def take(self, pairs: Tensor) -> Tensor:
        """(batch, inputs) float32 outputs of these pairs."""
        return self.outputs[self.rows[pairs]].float()

    def to(self, device: torch.device) -> "Side":
        """The same side with its outputs on this device; what batches are drawn by stays on the CPU."""
        return replace(self, outputs=self.outputs.to(device))

    @cached_property
    def lengths(self) -> Tensor:
        """(contents,) how many numbers of each output are not zero: a recording's are zero behind its end."""
        return self.outputs.count_nonzero(dim=1).cpu()


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


def encode_pairs(pairs: Iterable[Pair], encodings: Encodings) -> list[PairSet]:
    """Encodes pairs and gathers them by set, the unreadable and the smallest sets left out."""
    by_set: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_set[pair.set].append(pair)
    sets = [_encode_set(name, found, encodings) for name, found in by_set.items()]
    return [each for each in sets if len(each) >= SMALLEST]


def _encode_set(name: str, pairs: Sequence[Pair], encodings: Encodings) -> PairSet:
    modalities = pairs[0].left[0], pairs[0].right[0]
    left_keys = encodings.encode(modalities[0], [pair.left[1] for pair in pairs])
    right_keys = encodings.encode(modalities[1], [pair.right[1] for pair in pairs])
    whole = [
        (pair, left, right)
        for pair, left, right in zip(pairs, left_keys, right_keys, strict=True)
        if left is not None and right is not None
    ]
    numbers: dict[str, int] = {}  # of the things of both sides
    for thing in (thing for pair, _, _ in whole for thing in sorted(pair.left_things | pair.right_things)):
        numbers.setdefault(thing, len(numbers))
    lefts = [(left, pair.left_things) for pair, left, _ in whole]
    rights = [(right, pair.right_things) for pair, _, right in whole]
    return PairSet(
        name=name,
        left=_side(modalities[0], lefts, numbers, encodings),
        right=_side(modalities[1], rights, numbers, encodings),
    )


def _side(
    modality: Modality, contents: Sequence[tuple[str, frozenset[str]]], numbers: Mapping[str, int], encodings: Encodings
) -> Side:
    """Of each pair's content, its key and what it stands for there; a content stands for all that it does anywhere."""
    things: dict[str, set[str]] = defaultdict(set)
    for key, own in contents:
        things[key] |= own
    places = {key: place for place, key in enumerate(things)}
    outputs = torch.from_numpy(encodings.outputs(modality, list(things))).half()
    rows = torch.tensor([places[key] for key, _ in contents], dtype=torch.int64)
    return Side(
        modality=modality,
        outputs=outputs,
        rows=rows,
        things=incidence(list(things.values()), numbers),
        keys=tuple(things),
    )
