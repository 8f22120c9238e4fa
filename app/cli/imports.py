"""`triseek import`: a catalogue file, uploaded with progress bars."""

import itertools
from pathlib import Path

import click
from rich.console import Console

from app.cli.progress import bars, counted, follow
from app.cli.server import connect, server_options
from app.client import Client, Job
from app.types import JobState

SHOWN = 10  # errors printed


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--catalogue", required=True, help="The catalogue's name; made if it is not there.")
@click.option("--dry-run", is_flag=True, help="Only check the file.")
@server_options
def import_file(file: Path, catalogue: str, dry_run: bool, url: str | None, key: str | None, data: Path) -> None:
    """Upload the products of FILE (NDJSON: one JSON object a line) and wait until they can be found."""
    console = Console()
    with connect(url, key, data) as client, bars(console) as progress:
        with file.open("rb") as lines:
            total = sum(1 for line in lines if line.strip())
            lines.seek(0)
            job = client.import_ndjson(catalogue, counted(lines, progress, "uploading", total), dry_run=dry_run)
        job = follow(client, job, progress, "checking" if dry_run else "embedding", total)
        progress.stop()
        report(client, job, console, "are right" if dry_run else "can be found")
    if job.progress.failed or job.state is not JobState.SUCCEEDED:
        raise SystemExit(1)


def report(client: Client, job: Job, console: Console, taken: str) -> None:
    """Prints how an import ended, and the first of its errors."""
    if job.state is JobState.CANCELLED:
        console.print("The import was cancelled.")
    console.print(f"{job.progress.done} products {taken}; {job.progress.failed} could not be taken.")
    if job.error and not job.progress.failed:
        console.print(job.error.get("detail"), style="red", highlight=False)
    for error in itertools.islice(client.job_errors(job.id), SHOWN):
        where = f"line {error['line']}" if error.get("line") else f"product {error.get('sku')}"
        problem = error["error"]
        console.print(f"  {where}: {problem.get('detail') or problem.get('title')}", style="red", highlight=False)
    if job.progress.failed > SHOWN:
        console.print(f"  … all of them: triseek jobs show {job.id} --errors")
