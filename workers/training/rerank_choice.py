"""What dev says of the re-rank: how much it may count, and what it brings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from app.types import Modality
from workers.alignment.rerank_head import RerankHead
from workers.evaluation.metrics import ndcg_at
from workers.evaluation.resampling import mean_intervals
from workers.rerank.sides import look, padded
from workers.training.ranked_lists import RankedList
from workers.training.rerank import Sides, candidate_side
from workers.training.selection import mean_of_sets, no_worse

WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)  # tried on dev
LOOKED_AT = 10
NOT_FOUND = 10**6  # the rank of what is no candidate

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class RerankRow:
    """What the re-rank brings one kind of query of one set, in nDCG@10."""

    judged: str
    modality: str
    kind: str
    n: int
    cosine: float
    free: float  # by the attention without parameters
    trained: float
    gain: float  # of the trained one over the cosine stage
    interval: tuple[float, float] | None  # 95 %, of the gain; None where all queries are for the same products


def nearness(head: RerankHead, lists: Sequence[RankedList], sides: Sides) -> list[Floats]:
    """For each list, (candidates,) what the head says of each by all parts of the query."""
    found = []
    for each in lists:
        parts = [sides[part.held] for part in each.parts]
        with torch.inference_mode():
            looked = look(head, parts, padded([candidate_side(own, sides) for own in each.candidates]))
        weights = np.array([part.weight for part in each.parts], dtype=np.float32)
        found.append(weights @ looked.nearness.numpy())
    return found


def ndcg(each: RankedList, near: Floats, weight: float) -> float:
    """nDCG@10 of one query whose candidates are ranked by cosine, words and this weight of the re-rank."""
    order = np.argsort(-(each.scores + weight * near), kind="stable")
    ranks = (np.flatnonzero(each.relevant[order]) + 1).tolist()
    return ndcg_at(LOOKED_AT, ranks + [NOT_FOUND] * (len(each.query.relevant) - len(ranks)))


def choose_weights(lists: Sequence[RankedList], near: Sequence[Floats]) -> dict[Modality, float]:
    """For queries of each modality, the lowest weight that dev cannot tell from the best; 0 unless dev is sure of it.

    Dev is sure where the 95 % interval of what the weight brings in nDCG@10 is above zero. Each set counts alike.
    """
    return {modality: _weight(*_of_modality(lists, near, modality)) for modality in Modality}


def rows(
    lists: Sequence[RankedList],
    free: tuple[Sequence[Floats], Mapping[Modality, float]],
    trained: tuple[Sequence[Floats], Mapping[Modality, float]],
) -> list[RerankRow]:
    """The table of what the re-rank brings, by set, modality and kind.

    Args:
        lists: of dev.
        free: what the attention without parameters says of each list, and how much it counts.
        trained: the same of the trained head.
    """
    names = dict.fromkeys((each.judged, each.query.modality, each.query.kind) for each in lists)
    return [_row(name, lists, free, trained) for name in names]


def _row(
    name: tuple[str, Modality, str],
    lists: Sequence[RankedList],
    free: tuple[Sequence[Floats], Mapping[Modality, float]],
    trained: tuple[Sequence[Floats], Mapping[Modality, float]],
) -> RerankRow:
    judged, modality, kind = name
    places = [
        place
        for place, each in enumerate(lists)
        if (each.judged, each.query.modality, each.query.kind) == (judged, modality, kind)
    ]
    own = [lists[place] for place in places]

    def values(near: Sequence[Floats], weight: float) -> NDArray[np.float64]:
        return np.array([ndcg(each, near[place], weight) for place, each in zip(places, own, strict=True)])

    before = values(free[0], 0.0)
    by_free, by_trained = (values(near, weights.get(modality, 0.0)) for near, weights in (free, trained))
    bounds = mean_intervals((by_trained - before)[:, None], [each.query.relevant for each in own])
    return RerankRow(
        judged=judged,
        modality=modality,
        kind=kind,
        n=len(own),
        cosine=float(before.mean()),
        free=float(by_free.mean()),
        trained=float(by_trained.mean()),
        gain=float((by_trained - before).mean()),
        interval=None if bounds is None else (float(bounds[0, 0]), float(bounds[0, 1])),
    )


def _of_modality(
    lists: Sequence[RankedList], near: Sequence[Floats], modality: Modality
) -> tuple[Sequence[RankedList], Sequence[Floats]]:
    kept = [place for place, each in enumerate(lists) if each.query.modality is modality]
    return [lists[place] for place in kept], [near[place] for place in kept]


def _weight(lists: Sequence[RankedList], near: Sequence[Floats]) -> float:
    if not lists:
        return 0.0
    names = list(dict.fromkeys(each.judged for each in lists))
    tried = {
        weight: [
            np.array(
                [ndcg(each, own, weight) for each, own in zip(lists, near, strict=True) if each.judged == name],
                dtype=np.float32,
            )
            for name in names
        ]
        for weight in WEIGHTS
    }
    best = max(WEIGHTS, key=lambda weight: mean_of_sets(tried[weight]))
    weight = next(weight for weight in WEIGHTS if no_worse(tried[weight], tried[best]))
    gains = np.concatenate([own - before for own, before in zip(tried[weight], tried[0.0], strict=True)])
    targets = [each.query.relevant for name in names for each in lists if each.judged == name]
    bounds = mean_intervals(gains[:, None].astype(np.float64), targets)
    return weight if bounds is not None and bounds[0, 0] > 0 else 0.0
