"""Two spaces beside each other, as a table and as a page."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from app.client import Document

TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
MEGABYTE = 1_000_000
METRICS = ("R@10", "MRR@10")


def print_comparison(found: Document, console: Console) -> None:
    """Prints what a comparison found, and whether the new space may take the other's place."""
    spaces = f"space {found['space']} (new)", f"space {found['active']} (active)"
    if found["quality"]:
        console.print(_quality(found["quality"]))
    table = Table("", *spaces, box=SIMPLE, pad_edge=False)
    for row in rows(found):
        table.add_row(*row)
    console.print(table)
    if found["is_ready"]:
        console.print("The new space is not worse.", style="green")
    for reason in found["reasons"]:
        console.print(reason, style="red", highlight=False)


def _quality(found: list[Document]) -> Table:
    columns = [f"{metric} {whose}" for metric in METRICS for whose in ("new", "active")]
    table = Table("searches", "n", *columns, "MRR difference, 95 %", box=SIMPLE, pad_edge=False)
    for row in found:
        shares = [f"{row[metric][whose]:.3f}" for metric in METRICS for whose in ("new", "active")]
        interval = row["MRR@10"].get("interval")
        between = f"{interval[0]:+.3f} to {interval[1]:+.3f}" if interval else ""
        table.add_row(row["kind"], str(row["queries"]), *shares, between, style="red" if row["is_worse"] else None)
    return table


def write_page(found: Document, path: Path) -> None:
    """Writes the comparison as one HTML page that needs nothing else."""
    page = TEMPLATES.get_template("comparison.html").render(found=found, rows=rows(found), metrics=METRICS)
    path.write_text(page, encoding="utf-8")


def rows(found: Document) -> list[tuple[str, str, str]]:
    """What is compared beside what is found, of the new space and of the active one."""
    coverage, past, size = found["coverage"], found["past"], found["size"]
    told = [
        (f"products, of {coverage['products']}", *_pair(coverage)),
        *((f"{modality} vectors", *_pair(own)) for modality, own in coverage["vectors"].items()),
    ]
    if past["queries"]:
        share = "-" if past["overlap@10"] is None else f"{past['overlap@10']:.3f}"
        told.append((f"overlap@10, {past['queries']} past searches", share, ""))
        told.append(("p50 / p95 of these, ms", _times(past["new"]), _times(past["active"])))
    new, active = size["new"], size["active"]
    told.append(("numbers a vector", str(new["dim"]), str(active["dim"])))
    for name, what in (("vector_bytes", "vectors, MB"), ("index_bytes", "indexes, MB")):
        told.append((what, f"{new[name] / MEGABYTE:.1f}", f"{active[name] / MEGABYTE:.1f}"))
    return told


def _pair(own: Document) -> tuple[str, str]:
    return f"{own['new']:,}", f"{own['active']:,}"


def _times(own: dict[str, Any] | None) -> str:
    return "-" if own is None else f"{own['p50_ms']:.0f} / {own['p95_ms']:.0f}"
