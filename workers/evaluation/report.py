"""Shows the cross-modal matrix: as a table, and as the JSON that outside checks read."""

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from workers.evaluation.matrix import MatrixRow

COLUMNS = ("R@1", "R@10", "MRR", "nDCG@10", "P@10")  # of the table; the JSON has all


def table(title: str, rows: Sequence[MatrixRow]) -> Table:
    """The matrix for people."""
    shown = Table(title=title, box=SIMPLE, pad_edge=False)
    for name in ("query", "against", "kind", "lang"):
        shown.add_column(name, no_wrap=name != "kind")
    for name in ("n", "index", *COLUMNS):
        shown.add_column(name, justify="right", no_wrap=True, min_width=len("0.123"))
    for row in rows:
        values = [f"{row.metrics[name]:.3f}" for name in COLUMNS]
        shown.add_row(row.query, row.against, row.kind, row.lang, str(row.n), str(row.index), *values)
    return shown


def document(alignment: str, space: str, rows: Sequence[MatrixRow]) -> dict[str, Any]:
    """The matrix for machines."""
    return {
        "alignment": alignment,
        "space": space,
        "rows": [
            {
                "query": row.query,
                "against": row.against,
                "kind": row.kind,
                "lang": row.lang,
                "n": row.n,
                "index": row.index,
                **{name: round(value, 6) for name, value in row.metrics.items()},
            }
            for row in rows
        ],
    }
