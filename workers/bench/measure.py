"""Measures an index: how long it takes, and how much of what is nearest it finds."""

import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from workers.bench.engine import Engine, Search
from workers.bench.sample import SHARES, Sample

HITS = 10
CLIENTS = (1, 8)
WARM_UP = 5  # searches that are not counted


@dataclass(frozen=True, kw_only=True)
class Searched:
    """Searches within one filter."""

    field: str | None
    recall: float  # of the ten nearest that match
    complete: bool  # whether as many came as match, up to ten
    p50: float  # ms
    p95: float  # ms


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured of one index."""

    engine: str
    load_seconds: float
    index_seconds: float
    index_bytes: int
    searched: tuple[Searched, ...]
    per_second: dict[int, float]  # clients -> searches a second, without a filter


def measure(engine: Engine, sample: Sample) -> Measured:
    """Loads the sample into the index, and searches it by each filter."""
    load_seconds = _seconds(lambda: engine.load(sample))
    index_seconds = _seconds(engine.index)
    search = engine.searcher()
    return Measured(
        engine=engine.name,
        load_seconds=load_seconds,
        index_seconds=index_seconds,
        index_bytes=engine.size(),
        searched=tuple(_searched(search, sample, field) for field in (None, *SHARES)),
        per_second={clients: _per_second(engine, sample, clients) for clients in CLIENTS},
    )


def _searched(search: Search, sample: Sample, field: str | None) -> Searched:
    expected = sample.nearest(field, HITS)
    for query in sample.queries[:WARM_UP]:
        search(query, field, HITS)
    times, recalls, complete = [], [], True
    for query, nearest in zip(sample.queries, expected, strict=True):
        started = perf_counter()
        found = search(query, field, HITS)
        times.append(1000 * (perf_counter() - started))
        recalls.append(len({*found} & {*nearest.tolist()}) / len(nearest))
        complete &= len(found) == len(nearest)
    p95 = sorted(times)[min(len(times) - 1, int(0.95 * len(times)))]
    return Searched(
        field=field, recall=float(np.mean(recalls)), complete=complete, p50=statistics.median(times), p95=p95
    )


def _per_second(engine: Engine, sample: Sample, clients: int) -> float:
    """All queries, by so many clients at once."""

    def client(number: int) -> int:
        search = searchers[number]
        own = sample.queries[number::clients]
        for query in own:
            search(query, None, HITS)
        return len(own)

    searchers = [engine.searcher() for _ in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        started = perf_counter()
        searches = sum(pool.map(client, range(clients)))
        return searches / (perf_counter() - started)


def _seconds(work: Callable[[], None]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started
