"""Measures what products take on disk, and what a search takes of processors."""

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from app.client import Client
from app.removal.collecting import OUTPUTS
from workers.bench.ingest import PARTS

SECONDS = 10.0  # for which searches are asked for as fast as they are answered
CLIENTS = 8
RELATIONS = """
SELECT CASE
    WHEN child.relkind = 'i' AND method.amname = 'hnsw' THEN 'vector indexes'
    WHEN parent.relname LIKE 'embeddings%' THEN 'vectors'
    WHEN parent.relname LIKE 'tokens%' THEN 'tokens'
    ELSE 'products and words' END,
    sum(pg_relation_size(child.oid) + coalesce(pg_total_relation_size(nullif(child.reltoastrelid, 0)), 0))
FROM pg_class child
JOIN pg_namespace ON pg_namespace.oid = child.relnamespace AND nspname = 'public'
LEFT JOIN pg_index ON indexrelid = child.oid
JOIN pg_class parent ON parent.oid = coalesce(indrelid, child.oid)
LEFT JOIN pg_am method ON method.oid = child.relam
WHERE child.relkind IN ('r', 'i') AND (parent.relname ~ '^(embeddings|tokens)_p' OR parent.relname LIKE 'product%')
GROUP BY 1
"""


@dataclass(frozen=True, kw_only=True)
class Searched:
    """Searches by text, asked for by several clients as fast as they are answered."""

    a_second: float
    cpu_ms: dict[str, float]  # of one search, by part of the stack

    @property
    def a_core(self) -> float:
        """Searches a second that one processor core has time for, the parts of a search together."""
        return 1000 / sum(self.cpu_ms.values())


def sizes(database_url: str, media: Path) -> dict[str, int]:
    """Bytes on disk: of the tables with their own indexes, of the vector indexes, of media and of kept outputs."""
    with psycopg.connect(database_url) as database:
        found = {name: int(size) for name, size in database.execute(RELATIONS)}
    files = {path: path.stat().st_size for path in media.rglob("*") if path.is_file()}
    kept = sum(size for path, size in files.items() if path.is_relative_to(media / OUTPUTS))
    return found | {"kept outputs": kept, "media": sum(files.values()) - kept}


def searched(url: str, key: str, catalogue: str) -> Searched:
    """Searches for a while, after a few searches that warm up."""
    with Client(url, key) as client:
        for number in range(CLIENTS):
            client.search(catalogue, text=f"something warm {number}")
    counts, ended = [0] * CLIENTS, threading.Event()

    def work(number: int) -> None:
        with Client(url, key) as client:
            while not ended.is_set():
                client.search(catalogue, text=f"something for the garden {number} {counts[number]}")
                counts[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    before, started = _cpu_seconds(), time.perf_counter()
    for thread in threads:
        thread.start()
    time.sleep(SECONDS)
    ended.set()
    for thread in threads:
        thread.join()
    seconds, after, count = time.perf_counter() - started, _cpu_seconds(), sum(counts)
    used = {part: 1000 * (after[part] - before.get(part, 0.0)) / count for part in after}
    return Searched(a_second=count / seconds, cpu_ms={part: used[part] for part in ("web", "query", "postgres")})


def _cpu_seconds() -> Mapping[str, float]:
    """What each part of the stack, this process's children, has used of processors so far."""
    used: dict[str, float] = defaultdict(float)
    for process in psutil.Process().children(recursive=True):
        try:
            command, times = " ".join(process.cmdline()), process.cpu_times()
        except psutil.Error:
            continue  # it has just ended
        part = next((part for sign, part in PARTS.items() if sign in command), None)
        if part is not None:
            used[part] += times.user + times.system
    return used
