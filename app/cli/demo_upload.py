"""The demo's first half: a catalogue goes up over HTTP and is embedded."""

import itertools
import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from app.cli.progress import SECONDS, bars, counted, follow
from app.client import Client, Job, with_media

if TYPE_CHECKING:
    from app.sample.sets import DemoSet, Offer

PAGE = 100  # products looked at in one request
SHOWN = 5  # failures of a job that are printed
SINGLE = 3  # products uploaded one by one, as forms, before the others come as one file


def upload(client: Client, chosen: "DemoSet", console: Console) -> float:
    """Uploads every product, waits until all can be found, and returns how many seconds that took."""
    started = time.monotonic()
    console.print(f"Uploading {chosen.total} products to the catalogue [bold]{chosen.name}[/bold]")
    offers = chosen.offers()
    with bars(console) as progress:
        jobs = [
            Job.of(client.add_product(chosen.name, offer.product, images=offer.images, speech=offer.speech))
            for offer in itertools.islice(offers, SINGLE)
        ]
        if chosen.total > SINGLE:
            lines = counted(_lines(offers), progress, "uploading", chosen.total - SINGLE)
            jobs.append(client.import_file(chosen.name, lines))
        ended = [*(client.wait(job.id) for job in jobs[:SINGLE])]
        ended += [follow(client, job, progress, "embedding", chosen.total - SINGLE) for job in jobs[SINGLE:]]
        _follow_pending(client, chosen, progress)
    failed = sum(_failed(client, job, console) for job in ended)
    seconds = time.monotonic() - started
    note = f"; {failed} failed" if failed else ""
    console.print(f"{chosen.total - failed} products can be found after {seconds:.1f} s{note}\n")
    return seconds


def _follow_pending(client: Client, chosen: "DemoSet", progress: Progress) -> None:
    """Waits while products of an earlier demo are embedded anew, for workers that came with another alignment.

    A search is answered once the query worker has loaded, and by then the products wait; before, nothing tells.
    """
    client.search(chosen.name, text=chosen.name)
    waiting = total = _pending(client, chosen.name)
    if not total:
        return
    task = progress.add_task("anew", total=total)
    while waiting:
        progress.update(task, completed=total - waiting)
        time.sleep(SECONDS)
        waiting = _pending(client, chosen.name)
    progress.update(task, completed=total)


def _pending(client: Client, catalogue: str) -> int:
    return sum(product["embedding"]["state"] == "pending" for product in client.products(catalogue, page=PAGE))


def _failed(client: Client, job: Job, console: Console) -> int:
    """How many products of a job could not be embedded; raises what ended the job before it had counted any."""
    if not job.progress.failed:
        job.answer()
    for error in itertools.islice(client.job_errors(job.id), SHOWN):
        console.print(f"  {error.get('sku')}: {error['error'].get('detail')}", style="red", highlight=False)
    return job.progress.failed


def _lines(offers: "Iterator[Offer]") -> Iterator[bytes]:
    for offer in offers:
        line = with_media(offer.product, images=offer.images, speech=offer.speech)
        yield json.dumps(line, ensure_ascii=False).encode() + b"\n"
