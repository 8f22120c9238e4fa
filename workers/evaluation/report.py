"""Shows the cross-modal matrix and comparisons: as tables, and as the JSON that outside checks read."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from workers.evaluation.comparison import ComparisonRow, Difference
from workers.evaluation.matrix import MatrixRow

COLUMNS = ("R@1", "R@10", "P@10", "MRR")  # of the table; the JSON has all
COMPARED = ("R@10", "MRR")
TESTED = "MRR"  # whose interval and chance the tables show
NAMES = ("query", "against", "kind", "lang")
CHANCE = 0.05  # a difference that is less likely by chance is marked
PLACES = 6  # decimal, of the JSON


def table(title: str, rows: Sequence[MatrixRow]) -> Table:
    """The matrix for people."""
    shown = _named(
        title, f"both: speech and transcript; typed: its words; ±: half the width of the 95 % interval of {TESTED}"
    )
    for name in ("n", "index", *COLUMNS, "±"):
        shown.add_column(name, justify="right", no_wrap=True, min_width=0 if name == "n" else len("0.123"))
    for row in rows:
        values = [f"{row.metrics[name]:.3f}" for name in COLUMNS]
        half = width(row.intervals)
        shown.add_row(row.query, row.against, row.kind, row.lang, str(row.n), str(row.index), *values, half)
    return shown


def comparison_table(title: str, rows: Sequence[ComparisonRow]) -> Table:
    """The differences for people; those that are hardly chance are in bold."""
    shown = _named(title, f"95 %, p: interval and chance of {TESTED}; bold where p < {CHANCE}")
    for name in ("n", *COMPARED, "95 %", "p"):
        shown.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        means = [f"{row.differences[name].mean:+.3f}" for name in COMPARED]
        tested = row.differences[TESTED]
        style = "bold" if tested.p < CHANCE else None
        values = [*means, bounds(tested), f"{tested.p:.3f}"]
        shown.add_row(row.query, row.against, row.kind, row.lang, str(row.n), *values, style=style)
    return shown


def document(
    alignment: str,
    space: str,
    rows: Sequence[MatrixRow],
    comparison: Mapping[str, Any] | None = None,
    mixed: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The matrix for machines, with a comparison and mixed queries if there are any."""
    written = {"alignment": alignment, "space": space, "rows": [_matrix_row(row) for row in rows]}
    further = {"comparison": comparison, "mixed": mixed}
    return {**written, **{name: value for name, value in further.items() if value is not None}}


def comparison_document(alignment: str, rows: Sequence[ComparisonRow]) -> dict[str, Any]:
    """The differences from another alignment for machines."""
    return {"alignment": alignment, "rows": [_comparison_row(row) for row in rows]}


def _named(title: str, caption: str) -> Table:
    shown = Table(title=title, caption=caption, box=SIMPLE, pad_edge=False, collapse_padding=True)
    for name in NAMES:
        shown.add_column(name, no_wrap=name != "kind")
    return shown


def width(intervals: Mapping[str, tuple[float, float]]) -> str:
    """Half the width of the tested metric's interval, in words; empty if there is none."""
    if TESTED not in intervals:
        return ""
    low, high = intervals[TESTED]
    return f"{(high - low) / 2:.3f}"


def bounds(difference: Difference) -> str:
    """Its interval in words; empty if there is none."""
    return "" if difference.interval is None else "{:+.3f} {:+.3f}".format(*difference.interval)


def difference_document(each: Difference) -> dict[str, Any]:
    """A difference for machines."""
    interval = None if each.interval is None else [round(bound, PLACES) for bound in each.interval]
    return {"mean": round(each.mean, PLACES), "interval": interval, "p": round(each.p, PLACES)}


def metrics_document(
    metrics: Mapping[str, float], intervals: Mapping[str, tuple[float, float]]
) -> dict[str, float | dict[str, list[float]]]:
    """Means and their intervals for machines."""
    return {
        **{name: round(value, PLACES) for name, value in metrics.items()},
        "intervals": {name: [round(bound, PLACES) for bound in own] for name, own in intervals.items()},
    }


def _matrix_row(row: MatrixRow) -> dict[str, Any]:
    named = {name: getattr(row, name) for name in (*NAMES, "n", "index")}
    return {**named, **metrics_document(row.metrics, row.intervals)}


def _comparison_row(row: ComparisonRow) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in (*NAMES, "n")},
        "differences": {name: difference_document(each) for name, each in row.differences.items()},
    }
