"""Steps that the benchmarks of ingests and of reindexes share."""

from collections.abc import Sequence

from rich.progress import Progress

from app.client import Job
from app.settings import Settings
from workers.bench.ingest import Report, encode_alone
from workers.bench.ingest_sample import Kind, offers
from workers.embedder import Embedder


def alone_by_kind(kinds: Sequence[Kind], count: int, progress: Progress) -> dict[Kind, float]:
    """Products a second that the encoders embed by themselves, of each kind."""
    embedder = Embedder.load(Settings(database_url="", redis_url="", media_url=""))
    task = progress.add_task("the encoders alone", total=len(kinds))
    found = {}
    for kind in kinds:
        chosen = offers(kind, count)
        encode_alone(embedder, chosen[:20])  # warms up
        found[kind] = encode_alone(embedder, chosen)
        progress.advance(task)
    progress.remove_task(task)
    return found


def bar(progress: Progress, name: str) -> Report:
    """Shows a job as a bar of this name until it ends."""
    task = progress.add_task(name, total=None)

    def report(job: Job) -> None:
        progress.update(task, completed=job.progress.done, total=job.progress.total)
        if job.state.is_final:
            progress.remove_task(task)

    return report
