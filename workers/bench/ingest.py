"""Measures an ingest end to end, beside the encoders alone, and what it does to searches and memory."""

import json
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from app.client import Client, ImportOptions, Job
from app.errors import TriseekError
from app.types import JobState, Modality, Role
from workers.bench.ingest_sample import Kind, Offer, offers
from workers.embedder import Embedder

PAUSE = 0.25  # seconds between two searches, and between two looks at the memory
SEARCHES = 40  # while nothing else goes on
PARTS = {
    "app.wsgi": "web",
    "tasks.imports": "import",
    "tasks.embed": "embed",
    "tasks.search": "query",
    "postgres": "postgres",
}
MEBIBYTE = 2**20
Report = Callable[[Job], None]


@dataclass(frozen=True, kw_only=True)
class Ingested:
    """One ingest."""

    kind: Kind
    products: int
    alone: float  # products a second of the encoders alone, in one process, the bytes in memory
    end_to_end: float  # from the upload's first byte until the last product can be found
    idle_p95: float  # ms of a search before
    busy_p95: float  # ms of a search meanwhile, in an ingest of its own
    peak_mb: dict[str, float]  # resident, by part of the stack, all its processes together

    @property
    def efficiency(self) -> float:
        """End to end over alone."""
        return self.end_to_end / self.alone


def encode_alone(embedder: Embedder, products: Sequence[Offer]) -> float:
    """Products a second that the encoders embed: texts, then pictures, then recordings, each in full batches."""
    contents: dict[Modality, list[str | bytes]] = defaultdict(list)
    for offer in products:
        for modality, content in offer.contents():
            contents[modality].append(content)
    started = time.perf_counter()
    for modality, own in contents.items():
        for outcome in embedder.embed(modality, own, Role.PASSAGE):
            if isinstance(outcome, TriseekError):
                raise outcome
    return len(products) / (time.perf_counter() - started)


def ingest(client: Client, catalogue: str, products: Sequence[Offer], report: Report) -> tuple[float, Job]:
    """Uploads products as one file and waits until all can be found; products a second, and the job.

    Raises:
        ApiProblem: the import failed.
    """
    started = time.perf_counter()
    job = client.import_file(catalogue, _lines(products), ImportOptions(format="ndjson"))
    for seen in client.follow(job.id, every=0.1):
        report(seen)
        job = seen
    seconds = time.perf_counter() - started
    job.answer()
    return len(products) / seconds, job


def upload(client: Client, catalogue: str, megabytes: int) -> tuple[float, dict[str, float]]:
    """Uploads a catalogue file of this size and takes nothing of it; MB a second, and by how many MB parts grew."""
    line = json.dumps(offers(Kind.TEXT, 1)[0].document()).encode() + b"\n"
    piece = line * (MEBIBYTE // len(line))
    before, started = _sizes(), time.perf_counter()
    with watching_memory() as seen:
        job = client.import_file(catalogue, (piece for _ in range(megabytes)), ImportOptions(format="ndjson"))
        seconds = time.perf_counter() - started
    client.cancel(job.id)
    return megabytes / seconds, {part: seen.peak_mb[part] - size for part, size in before.items()}


def _lines(products: Sequence[Offer]) -> Iterator[bytes]:
    for offer in products:
        yield json.dumps(offer.document()).encode() + b"\n"


def search_times(client: Client, catalogue: str, count: int) -> list[float]:
    """How long so many searches by text take, in ms, one after another."""
    times = []
    for number in range(count):
        started = time.perf_counter()
        client.search(catalogue, text=f"something for the garden {number}")
        times.append(1000 * (time.perf_counter() - started))
        time.sleep(PAUSE)
    return times


def p95(times: Sequence[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


@dataclass
class Watched:
    """What was seen beside an ingest."""

    times: list[float] = field(default_factory=list)  # of searches, ms
    failed: int = 0  # searches
    peak_mb: dict[str, float] = field(default_factory=dict)


@contextmanager
def searching(client: Client, catalogue: str) -> Iterator[Watched]:
    """Searches all the while that the block runs."""
    seen, ended = Watched(), threading.Event()

    def work() -> None:
        while not ended.is_set():
            seen.times += search_times(client, catalogue, 1)

    yield from _beside(work, seen, ended)


@contextmanager
def watching_memory() -> Iterator[Watched]:
    """Notes how much memory the parts of the stack have at most, this process's children."""
    seen, ended = Watched(), threading.Event()

    def work() -> None:
        while not ended.wait(PAUSE):
            for part, size in _sizes().items():
                seen.peak_mb[part] = max(size, seen.peak_mb.get(part, 0.0))

    yield from _beside(work, seen, ended)


def _beside(work: Callable[[], None], seen: Watched, ended: threading.Event) -> Iterator[Watched]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _sizes() -> dict[str, float]:
    """MB that belong to a part alone (USS), all its processes together."""
    sizes: dict[str, float] = defaultdict(float)
    for process in psutil.Process().children(recursive=True):
        try:
            command = " ".join(process.cmdline())
            for sign, part in PARTS.items():
                if sign in command:
                    sizes[part] += process.memory_full_info().uss / MEBIBYTE
                    break
        except psutil.Error:
            continue  # it has just ended
    return sizes


def is_unchanged(job: Job) -> bool:
    """Whether an import brought nothing that had to be encoded."""
    return job.state is JobState.SUCCEEDED and job.document["progress"]["encoded"] == 0
