"""The demo's second half: every held-out query is submitted, polled and shown."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.cli.search import STEPS
from app.client import Client, SearchOptions

if TYPE_CHECKING:
    from app.sample.queries import HeldOut
    from app.sample.sets import DemoSet

HITS = 50  # asked for, so that a rank past the first page shows
TOP = 10
SHOWN = 3  # hits printed under a query
LONGEST = 140  # characters printed of a query


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One held-out query and what was found."""

    query: "HeldOut"
    hits: tuple[str, ...]  # SKUs, best first
    titles: tuple[str, ...]  # of the hits; the SKU where there is no title
    took_ms: dict[str, Any]  # as the server told it
    wall_ms: float  # from submitting the job to having read its result

    @property
    def rank(self) -> int | None:
        """Where the first right product stands, from 1."""
        return next((rank for rank, sku in enumerate(self.hits, start=1) if sku in self.query.relevant), None)

    @property
    def in_top(self) -> bool:
        """Whether a right product is among the first ten."""
        return self.rank is not None and self.rank <= TOP

    def document(self) -> dict[str, object]:
        """The search as the report has it."""
        return {
            "modalities": [str(modality) for modality in self.query.modalities],
            "kind": self.query.kind,
            "query": self.query.label,
            "expected": self.query.expected,
            "rank": self.rank,
            "took_ms": self.took_ms,
            "wall_ms": round(self.wall_ms, 1),
            "hits": list(self.hits),
        }


def ask_all(client: Client, chosen: "DemoSet", console: Console) -> list[Asked]:
    """Submits each query, polls its job and prints what it found."""
    asked: list[Asked] = []
    for query in chosen.queries:
        if not asked or asked[-1].query.kind != query.kind:
            console.print(f"[bold]{escape(query.kind)}[/bold]")
        asked.append(ask(client, chosen.name, query))
        console.print(_line(asked[-1]), highlight=False)
    return asked


def ask(client: Client, catalogue: str, query: "HeldOut") -> Asked:
    """Submits one query, waits for its job and reads what it found."""
    started = time.perf_counter()
    options = SearchOptions(limit=HITS, against=query.against)
    result = client.search(catalogue, text=query.text, image=query.image, speech=query.speech, options=options)
    wall = 1000 * (time.perf_counter() - started)
    return Asked(
        query=query,
        hits=tuple(hit["sku"] for hit in result["hits"]),
        titles=tuple((hit["product"] or {}).get("title") or hit["sku"] for hit in result["hits"]),
        took_ms=result["took_ms"],
        wall_ms=wall,
    )


def _line(asked: Asked) -> str:
    colour = "green" if asked.in_top else "red"
    rank = f"#{asked.rank}" if asked.rank else f">{len(asked.hits)}"
    found = ", ".join(
        f"[bold]{escape(title)}[/bold]" if sku in asked.query.relevant else escape(title)
        for sku, title in list(zip(asked.hits, asked.titles, strict=True))[:SHOWN]
    )
    label = asked.query.label
    shown = label if len(label) <= LONGEST else label[: LONGEST - 1] + "…"
    question = f"  [{colour}]{rank:>4}[/{colour}]  {escape(shown)}"
    return f"{question}\n        → {found}  [dim]{asked.wall_ms:.0f} ms[/dim]"


def summary(asked: Sequence[Asked]) -> Table:
    """How many were found and how fast, a row for each kind of query."""
    steps = ", ".join(STEPS)
    table = Table(
        box=SIMPLE,
        title="Held-out queries",
        caption=f"p50, p95: ms from submitting to the answer\n{steps}: medians of them",
    )
    for column in ("kind", "n", "first", f"top {TOP}", "p50", "p95", *STEPS):
        table.add_column(column, justify="left" if column == "kind" else "right", no_wrap=True)
    for kind in dict.fromkeys(each.query.kind for each in asked):
        table.add_row(kind, *_row([each for each in asked if each.query.kind == kind]))
    return table


def _row(asked: Sequence[Asked]) -> list[str]:
    first = sum(each.rank == 1 for each in asked) / len(asked)
    top = sum(each.in_top for each in asked) / len(asked)
    walls = sorted(each.wall_ms for each in asked)
    p95 = walls[min(len(walls) - 1, int(0.95 * len(walls)))]
    steps = [[each.took_ms.get(step) or 0.0 for each in asked] for step in STEPS]
    times = [statistics.median(walls), p95, *map(statistics.median, steps)]
    return [str(len(asked)), f"{first:.0%}", f"{top:.0%}", *(f"{each:.0f}" for each in times)]
