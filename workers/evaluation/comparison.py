"""Two alignments on the same queries: how much better one is, and how likely that is chance."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.evaluation.judging import Judgement
from workers.evaluation.matrix import METRICS, groups
from workers.evaluation.resampling import chance_of_none, mean_intervals


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A metric's mean under one alignment less that under the other."""

    mean: float
    interval: tuple[float, float] | None  # 95 %; none where all queries are for the same products
    p: float  # two-sided


@dataclass(frozen=True, kw_only=True)
class ComparisonRow:
    """The differences over one group of queries against one modality."""

    query: str
    against: str
    kind: str
    lang: str
    n: int
    differences: Mapping[str, Difference]


def compare(judgements: Sequence[Judgement], others: Sequence[Judgement]) -> list[ComparisonRow]:
    """Compares the judgements of one alignment with another's of the same queries, group by group.

    Raises:
        ValueError: the queries are not the same, in the same order.
    """
    compared = []
    for group, other in zip(groups(judgements), groups(others), strict=True):
        asked, asked_of_other = ([each.query.id for each in own.judgements] for own in (group, other))
        if asked != asked_of_other:
            raise ValueError("Only judgements of the same queries can be compared.")
        compared.append(
            ComparisonRow(
                query=group.query,
                against=group.against,
                kind=group.kind,
                lang=group.lang,
                n=len(asked),
                differences=differences(group.values - other.values, group.targets),
            )
        )
    return compared


def differences(values: NDArray[np.float64], targets: Sequence[Hashable]) -> dict[str, Difference]:
    """The mean difference in each metric.

    Args:
        values: (n, len(METRICS)) of each query, under one way less under the other.
        targets: (n,) what each query should find.
    """
    bounds = mean_intervals(values, targets)
    intervals = [None] * len(METRICS) if bounds is None else [(low, high) for low, high in bounds.tolist()]
    chances = chance_of_none(values, targets).tolist()
    return {
        name: Difference(mean=mean, interval=interval, p=p)
        for name, mean, interval, p in zip(METRICS, values.mean(axis=0).tolist(), intervals, chances, strict=True)
    }
