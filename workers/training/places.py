"""The contents of one side of pairs, gathered and encoded."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from app.types import Modality
from workers.encodings import Content, Encodings
from workers.training.side import Side
from workers.training.things import incidence
from workers.training.views import NO_VIEWS, Views


class Place(NamedTuple):
    """An encoded content where one pair has it."""

    key: str
    things: frozenset[str]  # that it stands for there
    content: Content
    varies: bool


def encode_side(
    modality: Modality,
    places: Sequence[Place],
    numbers: Mapping[str, int],
    encodings: Encodings,
    views: Views = NO_VIEWS,
) -> Side:
    """Each content once; it stands for all that it does in any pair.

    Args:
        modality: of the contents.
        places: one a pair.
        numbers: of all things.
        encodings: of the contents.
        views: other views of those that vary.
    """
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
        outputs=torch.from_numpy(encodings.halves(modality, flat)),
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
