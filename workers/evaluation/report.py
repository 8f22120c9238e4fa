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
    shown = _named(title, f"both: speech and transcript; ±: half the width of the 95 % interval of {TESTED}")
    for name in ("n", "index", *COLUMNS, "±"):
        shown.add_column(name, justify="right", no_wrap=True, min_width=0 if name == "n" else len("0.123"))
    for row in rows:
        values = [f"{row.metrics[name]:.3f}" for name in COLUMNS]
        shown.add_row(row.query, row.against, row.kind, row.lang, str(row.n), str(row.index), *values, _width(row))
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
        values = [*means, _bounds(tested), f"{tested.p:.3f}"]
        shown.add_row(row.query, row.against, row.kind, row.lang, str(row.n), *values, style=style)
    return shown


def document(
    alignment: str, space: str, rows: Sequence[MatrixRow], comparison: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The matrix for machines, with a comparison if there is one."""
    written: dict[str, Any] = {"alignment": alignment, "space": space, "rows": [_matrix_row(row) for row in rows]}
    return written if comparison is None else {**written, "comparison": comparison}


def comparison_document(alignment: str, rows: Sequence[ComparisonRow]) -> dict[str, Any]:
    """The differences from another alignment for machines."""
    return {"alignment": alignment, "rows": [_comparison_row(row) for row in rows]}


def _named(title: str, caption: str) -> Table:
    shown = Table(title=title, caption=caption, box=SIMPLE, pad_edge=False, collapse_padding=True)
    for name in NAMES:
        shown.add_column(name, no_wrap=name != "kind")
    return shown


def _width(row: MatrixRow) -> str:
    if TESTED not in row.intervals:
        return ""
    low, high = row.intervals[TESTED]
    return f"{(high - low) / 2:.3f}"


def _bounds(difference: Difference) -> str:
    return "" if difference.interval is None else "{:+.3f} {:+.3f}".format(*difference.interval)


def _matrix_row(row: MatrixRow) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in (*NAMES, "n", "index")},
        **{name: round(value, PLACES) for name, value in row.metrics.items()},
        "intervals": {name: [round(bound, PLACES) for bound in bounds] for name, bounds in row.intervals.items()},
    }


def _comparison_row(row: ComparisonRow) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in (*NAMES, "n")},
        "differences": {
            name: {
                "mean": round(each.mean, PLACES),
                "interval": None if each.interval is None else [round(bound, PLACES) for bound in each.interval],
                "p": round(each.p, PLACES),
            }
            for name, each in row.differences.items()
        },
    }
