"""`triseek bench rank`: the ranking statement beside other indexes, on the same vectors and filters."""

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click
import torch
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from app.settings import alignment_from_env, encoders_from_env
from workers.alignment.artifact import DEFAULT
from workers.alignment.opening import open_alignment
from workers.alignment.tuned import tuned_encodings
from workers.bench.engine import Engine
from workers.bench.measure import CLIENTS, Measured, measure
from workers.bench.plot import times_plot
from workers.bench.sample import SHARES, Sample, clustered
from workers.bench.tiled import tiled
from workers.bench.triseek_engine import TriseekEngine
from workers.cli.options import LIMITS, OUTPUT_FILE, cache_option, progress_bar, threads_option, train_data_option
from workers.encoders.choice import parse
from workers.encodings import Encodings
from workers.evaluation.judged import load_judged_set


def _other(module: str, name: str) -> Engine:
    found: Engine = getattr(import_module(f"workers.bench.{module}"), name)()
    return found


OTHERS: dict[str, Callable[[], Engine]] = {  # by the package that they come in
    "hnswlib": partial(_other, "hnswlib_engine", "HnswlibEngine"),
    "lancedb": partial(_other, "lancedb_engine", "LanceDbEngine"),
    "chromadb": partial(_other, "chroma_engine", "ChromaEngine"),
    "milvus_lite": partial(_other, "milvus_engine", "MilvusEngine"),
}


@click.command("bench-rank")
@click.option("--n", "count", type=click.IntRange(1_000), default=100_000, show_default=True, help="How many vectors.")
@click.option("--dim", type=click.IntRange(8, 4_000), default=512, show_default=True, help="Numbers of a drawn vector.")
@click.option("--queries", type=click.IntRange(10), default=100, show_default=True, help="How many searches each.")
@click.option("--alone", is_flag=True, help="Leave the other indexes out.")
@click.option("--seed", type=int, default=0, show_default=True, help="Draws the vectors.")
@train_data_option
@cache_option
@threads_option
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Write what was measured to this file.")
@click.option("--plot", type=OUTPUT_FILE, help="Draw the times by filter into this SVG file.")
def bench_rank(
    count: int,
    dim: int,
    queries: int,
    alone: bool,
    seed: int,
    data: tuple[Path, ...],
    cache: Path,
    threads: int,
    json_file: Path | None,
    plot: Path | None,
) -> None:
    """Rank vectors by Triseek's own statement, and by those other indexes that are installed, within filters.

    They are drawn in clusters, or, with --data, the vectors of judged sets' pictures, repeated with noise. A field is 0
    in a half, a tenth, a hundredth and a thousandth of the products; a filter asks for it.
    """
    console = Console()
    torch.set_num_threads(threads)
    sample = _judged(data, cache, console, count, queries, seed) if data else clustered(count, dim, queries, seed)
    measured = _measured(sample, console, alone=alone)
    console.print(_built(measured))
    console.print(_searched(measured))
    if plot is not None:
        plot.write_text(times_plot(measured), encoding="utf-8")
    if json_file is not None:
        document = {
            "data": [folder.resolve().name for folder in data],
            "n": count,
            "dim": sample.stored.shape[1],
            "queries": queries,
            "seed": seed,
            "engines": list(map(asdict, measured)),
        }
        json_file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _measured(sample: Sample, console: Console, *, alone: bool) -> list[Measured]:
    """Of Triseek's own ranking first, then of the other indexes that are installed."""
    engines: list[Callable[[], Engine]] = [TriseekEngine]
    for package, make in () if alone else OTHERS.items():
        if find_spec(package) is None:
            console.print(f"left out: {package} is not installed")
        else:
            engines.append(make)
    measured = []
    with progress_bar(console) as progress:
        task = progress.add_task("measuring", total=len(engines))
        for make in engines:
            with make() as engine:
                progress.update(task, description=f"measuring {engine.name}")
                measured.append(measure(engine, sample))
            progress.advance(task)
    return measured


def _judged(folders: tuple[Path, ...], cache: Path, console: Console, count: int, queries: int, seed: int) -> Sample:
    folder = Path(alignment_from_env() or DEFAULT)
    alignment, cards = open_alignment(folder, parse(encoders_from_env()))
    sets = [load_judged_set(each) for each in folders]
    with progress_bar(console) as progress:
        encodings = tuned_encodings(Encodings(cache, cards, LIMITS, progress), folder, alignment.card)
        return tiled(sets, encodings, alignment, count=count, queries=queries, seed=seed)


def _built(measured: list[Measured]) -> Table:
    clients = (f"{count} client{'s' if count > 1 else ''}/s" for count in CLIENTS)
    table = Table("", "load s", "index s", "MB", *clients, box=SIMPLE, pad_edge=False)
    for each in measured:
        speeds = (f"{each.per_second[count]:.0f}" for count in CLIENTS)
        size = f"{each.index_bytes / 1e6:.0f}"
        table.add_row(each.engine, f"{each.load_seconds:.1f}", f"{each.index_seconds:.1f}", size, *speeds)
    return table


def _searched(measured: list[Measured]) -> Table:
    """A row for each filter and index; times also as multiples of Triseek's own."""
    table = Table("filter", "", "recall@10", "complete", "p50 ms", "p95 ms", "ratio", box=SIMPLE, pad_edge=False)
    for number, field in enumerate((None, *SHARES)):
        own = measured[0].searched[number].p50
        for each in measured:
            row = each.searched[number]
            cells = [f"{row.recall:.3f}", "yes" if row.complete else "no", f"{row.p50:.2f}", f"{row.p95:.2f}"]
            table.add_row(field or "none", each.engine, *cells, f"{row.p50 / own:.2f}")
    table.caption = "ratio: of p50 to Triseek's own"
    return table
