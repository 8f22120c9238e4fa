"""The cross-modal matrix: every query modality against every product modality, and against all of them together."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from workers.evaluation.judging import Judgement
from workers.evaluation.metrics import ndcg_at, precision_at, recall_at, reciprocal_rank
from workers.evaluation.resampling import mean_intervals

METRICS: Mapping[str, Callable[[Sequence[int]], float]] = {
    **{f"R@{k}": partial(recall_at, k) for k in (1, 5, 10)},
    "MRR": reciprocal_rank,
    "nDCG@10": partial(ndcg_at, 10),
    **{f"P@{k}": partial(precision_at, k) for k in (1, 10)},
}


@dataclass(frozen=True, kw_only=True)
class Group:
    """Queries by one modality or transcript that are looked at together, against one modality of products or all."""

    query: str
    against: str
    kind: str  # all if empty
    lang: str  # all if empty
    judgements: Sequence[Judgement]

    @property
    def index(self) -> int:
        """How many products they are ranked over, at most."""
        return max(judgement.index for judgement in self.judgements)

    @property
    def values(self) -> NDArray[np.float64]:
        """Every query's metrics, (n, len(METRICS))."""
        return np.array([[metric(each.ranks) for metric in METRICS.values()] for each in self.judgements])

    def mean(self, metric: str) -> float:
        """The mean of one metric."""
        return float(np.mean([METRICS[metric](each.ranks) for each in self.judgements]))

    @property
    def targets(self) -> list[frozenset[str]]:
        """What each query should find; those for the same products stand or fall together."""
        return [judgement.query.relevant for judgement in self.judgements]


@dataclass(frozen=True, kw_only=True)
class MatrixRow:
    """The means over one group of queries against one modality."""

    query: str
    against: str
    kind: str
    lang: str
    n: int
    index: int
    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]  # 95 %; empty where all queries are for the same products


def groups(judgements: Sequence[Judgement]) -> list[Group]:
    """The queries of each modality against each product modality: all, and those of each kind and language."""
    found: dict[tuple[str, str, str, str], list[Judgement]] = defaultdict(list)
    for judgement in judgements:
        query = judgement.query
        for kind, lang in {("", ""), (query.kind, ""), ("", query.lang)}:
            found[judgement.by, judgement.against, kind, lang].append(judgement)
    return [
        Group(query=query, against=against, kind=kind, lang=lang, judgements=own)
        for (query, against, kind, lang), own in sorted(found.items())
    ]


def means(group: Group) -> MatrixRow:
    """The means over a group, with their intervals."""
    values = group.values
    intervals = mean_intervals(values, group.targets)
    return MatrixRow(
        query=group.query,
        against=group.against,
        kind=group.kind,
        lang=group.lang,
        n=len(values),
        index=group.index,
        metrics=dict(zip(METRICS, values.mean(axis=0).tolist(), strict=True)),
        intervals={} if intervals is None else dict(zip(METRICS, map(tuple, intervals.tolist()), strict=True)),
    )
