"""Whether an alignment may take the place of the present one."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from app.types import Modality
from workers.evaluation.judging import Judgement
from workers.evaluation.metrics import reciprocal_rank
from workers.evaluation.resampling import mean_intervals


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the same held-out queries say of two alignments."""

    ready: bool
    queries: int
    new: float  # mean MRR
    present: float
    interval: tuple[float, float] | None  # 95 %, of the difference; none where all queries are for the same products

    def __str__(self) -> str:
        """In words."""
        beside = "" if self.interval is None else f", 95 % between {self.interval[0]:+.3f} and {self.interval[1]:+.3f}"
        found = (
            f"on {self.queries} held-out queries its MRR is {self.new:.3f}, that of the present alignment"
            f" {self.present:.3f} ({self.new - self.present:+.3f}{beside})"
        )
        if self.ready:
            return f"Ready: {found}, so it is not worse."
        return f"Not ready: {found}, so it is worse. The present alignment stays."


def verdict(new: Sequence[Judgement], present: Sequence[Judgement]) -> Verdict:
    """Ready, unless the whole interval of the difference in MRR lies below zero.

    A query's MRR is the mean over the modalities of products that it is compared with, recordings left out.

    Args:
        new: of the new alignment.
        present: of the present one, on the same queries; at least one.
    """
    values, targets = _by_query(new)
    others, _ = _by_query(present)
    differences = np.array(values) - np.array(others)
    bounds = mean_intervals(differences[:, None], targets)
    interval = None if bounds is None else (float(bounds[0, 0]), float(bounds[0, 1]))
    highest = float(differences.mean()) if interval is None else interval[1]
    return Verdict(
        ready=highest >= 0,
        queries=len(values),
        new=float(np.mean(values)),
        present=float(np.mean(others)),
        interval=interval,
    )


def _by_query(judgements: Sequence[Judgement]) -> tuple[list[float], list[Hashable]]:
    """Each query's mean reciprocal rank, and what it should find, in the order of the queries' ids."""
    ranks: dict[str, list[float]] = defaultdict(list)
    targets: dict[str, Hashable] = {}
    for each in judgements:
        if each.against != Modality.SPEECH:
            ranks[each.query.id].append(reciprocal_rank(each.ranks))
            targets[each.query.id] = each.query.relevant
    return [float(np.mean(ranks[query])) for query in sorted(ranks)], [targets[query] for query in sorted(ranks)]
