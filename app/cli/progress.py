"""Progress bars."""

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.client import Client, Job

MEGABYTE = 1_000_000
SECONDS = 0.5  # between two looks at a job


def bars(console: Console) -> Progress:
    """Bars that say what is done, how much of it and for how long."""
    return Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def counted(lines: Iterable[bytes], progress: Progress, name: str, total: int | None) -> Iterator[bytes]:
    """The lines, each moving a bar as it is taken."""
    task = progress.add_task(name, total=total)
    for line in lines:
        yield line
        progress.advance(task)
    progress.update(task, total=progress.tasks[task].completed)


def sent(file: BinaryIO, progress: Progress) -> Iterator[bytes]:
    """A file's bytes, moving a bar of megabytes as they are taken."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    task = progress.add_task("sending MB", total=-(-size // MEGABYTE))
    while chunk := file.read(MEGABYTE):
        yield chunk
        progress.advance(task)


def follow(client: Client, job: Job, progress: Progress, name: str, total: int | None = None) -> Job:
    """Shows a job until it ends; returns it as it ended."""
    task = progress.add_task(name, total=total)
    seen = job
    for seen in client.follow(job.id, every=SECONDS):
        taken = seen.progress.done + seen.progress.failed
        progress.update(task, completed=taken, total=seen.progress.total or total)
    return seen
