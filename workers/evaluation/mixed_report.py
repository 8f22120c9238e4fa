"""Shows how mixed queries are ranked in each way: as a table, and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.box import SIMPLE
from rich.table import Table

from workers.alignment.artifact import Alignment
from workers.alignment.mixing import MIXTURES, Mixing, name_of
from workers.evaluation.comparison import Difference, differences
from workers.evaluation.judging import ALL
from workers.evaluation.matrix import METRICS
from workers.evaluation.mixed_scores import MixedJudgement
from workers.evaluation.report import bounds, difference_document, metrics_document, width
from workers.evaluation.resampling import mean_intervals

COLUMNS = ("R@1", "R@10", "MRR")
TESTED = "MRR"


@dataclass(frozen=True, kw_only=True)
class MixedRow:
    """The means over one mixture's queries, ranked in one way."""

    query: str  # text+image
    way: Mixing
    used: bool  # whether a search ranks them so
    n: int
    index: int
    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]  # 95 %; empty where all queries are for the same products
    less_sum: Mapping[str, Difference]  # from the weighted sum on the same queries


def mixed_rows(judgements: Sequence[MixedJudgement], alignment: Alignment) -> list[MixedRow]:
    """A row for each mixture and way."""
    rows = []
    for mixture in MIXTURES:
        own = [each for each in judgements if each.mixture == mixture]
        targets = [each.query.relevant for each in own]
        values = {
            way: np.array([[metric(each.ranks[way]) for metric in METRICS.values()] for each in own]) for way in Mixing
        }
        for way in Mixing if own else ():
            limits = mean_intervals(values[way], targets)
            rows.append(
                MixedRow(
                    query=name_of(mixture),
                    way=way,
                    used=alignment.mixing(mixture) is way,
                    n=len(own),
                    index=max(each.index for each in own),
                    metrics=dict(zip(METRICS, values[way].mean(axis=0).tolist(), strict=True)),
                    intervals={} if limits is None else dict(zip(METRICS, map(tuple, limits.tolist()), strict=True)),
                    less_sum=differences(values[way] - values[Mixing.SUM], targets),
                )
            )
    return rows


def mixed_table(title: str, rows: Sequence[MixedRow]) -> Table:
    """The rows for people; what a search uses is in bold."""
    caption = f"bold: what a search uses; ±: half the width of the 95 % interval of {TESTED}; 95 %, p: of less sum"
    shown = Table(title=title, caption=caption, box=SIMPLE, pad_edge=False, collapse_padding=True)
    shown.add_column("query", min_width=len("text+image"), overflow="fold")
    shown.add_column("ranked by", min_width=len("fusion"))
    for name in ("n", "index", *COLUMNS, "±", "less sum", "95 %", "p"):
        shown.add_column(name, justify="right", no_wrap=name != "95 %")
    for row in rows:
        values = [f"{row.metrics[name]:.3f}" for name in COLUMNS]
        less = row.less_sum[TESTED]
        compared = ["", "", ""] if row.way is Mixing.SUM else [f"{less.mean:+.3f}", bounds(less), f"{less.p:.3f}"]
        cells = [row.query, row.way, str(row.n), str(row.index), *values, width(row.intervals), *compared]
        shown.add_row(*cells, style="bold" if row.used else None)
    return shown


def mixed_document(rows: Sequence[MixedRow]) -> list[dict[str, Any]]:
    """The rows for machines."""
    return [
        {
            "query": row.query,
            "against": ALL,
            "way": row.way,
            "used": row.used,
            "n": row.n,
            "index": row.index,
            **metrics_document(row.metrics, row.intervals),
            "less_sum": {name: difference_document(each) for name, each in row.less_sum.items()},
        }
        for row in rows
    ]
