"""Two spaces beside each other: what each finds, how quickly, and whether one may take the other's place."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.evaluation.metrics import recall_at, reciprocal_rank
from workers.evaluation.resampling import chance_of_none, mean_intervals

DEPTH = 10  # hits that are looked at
METRICS = ("R@10", "MRR@10")
UNLIKELY = 0.05  # chance of a difference from which one is taken for real


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One search in both spaces: the rank of the first product that is wanted, None beyond the tenth."""

    kind: str
    target: str  # searches for the same product stand or fall together
    new: int | None
    active: int | None


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long searches take in a space."""

    p50: float  # ms
    p95: float  # ms

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> "Timing | None":
        """Of at least one search."""
        if not milliseconds:
            return None
        p50, p95 = np.percentile(milliseconds, [50, 95])
        return cls(p50=round(float(p50), 1), p95=round(float(p95), 1))

    def document(self) -> dict[str, float]:
        """As it is told."""
        return {"p50_ms": self.p50, "p95_ms": self.p95}


def quality(pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """By kind of search, after all together, Recall@10 and MRR@10 in both spaces, and whether the new one is worse.

    It is worse where either metric falls and a paired randomisation test finds that by chance in fewer than one of
    twenty cases; of the kinds, in fewer than one of twenty for all their tests together (Bonferroni).
    """
    by_kind: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_kind[pair.kind].append(pair)
    tests = len(METRICS) * len(by_kind)
    rows = [_row(kind, own, UNLIKELY / tests) for kind, own in sorted(by_kind.items())]
    return rows if len(by_kind) < 2 else [_row("all", pairs, UNLIKELY / len(METRICS)), *rows]


def _row(kind: str, pairs: Sequence[Pair], unlikely: float) -> dict[str, Any]:
    new = np.array([_metrics(pair.new) for pair in pairs])  # (n, 2)
    active = np.array([_metrics(pair.active) for pair in pairs])
    targets = [pair.target for pair in pairs]
    intervals, chances = mean_intervals(new - active, targets), chance_of_none(new - active, targets)
    falls = (new - active).mean(axis=0) < 0
    row: dict[str, Any] = {
        "kind": kind,
        "queries": len(pairs),
        "is_worse": bool((falls & (chances < unlikely)).any()),
    }
    for place, name in enumerate(METRICS):
        row[name] = {"new": round(float(new[:, place].mean()), 4), "active": round(float(active[:, place].mean()), 4)}
        if intervals is not None:
            row[name]["interval"] = [round(float(bound), 4) for bound in intervals[place]]
    return row


def _metrics(rank: int | None) -> tuple[float, float]:
    ranks = [] if rank is None else [rank]
    return recall_at(DEPTH, ranks), reciprocal_rank(ranks)


def overlap(new: Sequence[str], active: Sequence[str]) -> float | None:
    """The share of the active space's first ten hits that are among those of the new one; None if it has none."""
    before = set(active[:DEPTH])
    return len(before & set(new[:DEPTH])) / len(before) if before else None


def reasons(coverage: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why the new space should not take the other's place; nothing if it may."""
    found = []
    if coverage["new"] < coverage["active"]:
        found.append(
            f"It has {coverage['new']} products, {coverage['active'] - coverage['new']} fewer than the active one."
        )
    for row in rows:
        if row["is_worse"]:
            told = ", ".join(
                f"{name} {row[name]['new']:.3f} after {row[name]['active']:.3f}" for name in ("R@10", "MRR@10")
            )
            found.append(f"{row['kind']}: it finds less ({told}; {row['queries']} queries).")
    return found
