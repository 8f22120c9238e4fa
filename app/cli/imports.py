"""`triseek import`: a catalogue file, uploaded with progress bars."""

import datetime
import itertools
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from app.cli.folders import packed
from app.cli.progress import bars, follow, sent
from app.cli.server import connect, server_options
from app.client import Client, ImportOptions, Job
from app.types import JobState

MINUTE = 60  # seconds
INTERRUPTED = 130  # a shell's code for Ctrl-C
SHOWN = 10  # errors printed
FORMATS = ("ndjson", "csv", "merchant", "parquet")
BY_ENDING = {".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv", ".tsv": "csv"}  # others are told from the content


class Column(click.ParamType[tuple[str, str]]):
    """FIELD=COLUMN."""

    name = "FIELD=COLUMN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:  # noqa: ANN401  click's signature
        """The field or attribute, and the column that it is taken from."""
        own, equals, column = str(value).partition("=")
        if not (own.strip() and equals and column.strip()):
            self.fail(f"{value!r} is not FIELD=COLUMN, such as title=name", param, ctx)
        return own.strip(), column.strip()


@click.command("import")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--catalogue", required=True, help="The catalogue's name; made if it is not there.")
@click.option("--dry-run", is_flag=True, help="Only check the file.")
@click.option("--map", "columns", type=Column(), multiple=True, help="Take a field or attribute from this column.")
@click.option("--format", type=click.Choice(FORMATS), help="What the file is; told from it unless given.")
@click.option("--encoding", help="Of a table, such as gb18030; told from the file unless given.")
@server_options
def import_file(
    file: Path,
    catalogue: str,
    dry_run: bool,
    columns: tuple[tuple[str, str], ...],
    format: str | None,  # noqa: A002  the option's name
    encoding: str | None,
    url: str | None,
    key: str | None,
    data: Path,
) -> None:
    """Upload the products of FILE and wait until they can be found.

    NDJSON, CSV and other tables, merchant feeds (XML or TSV), Parquet, each as it is or in gzip; a ZIP archive, or a
    folder, that has one of these with pictures and recordings beside it.
    """
    console = Console()
    told = format or BY_ENDING.get(file.suffix.lower())
    options = ImportOptions(dry_run=dry_run, format=told, encoding=encoding, columns=dict(columns))
    with connect(url, key, data) as client, bars(console) as progress, packed(file) as opened:
        job = client.import_file(catalogue, sent(opened, progress), options)
        try:
            job = follow(client, job, progress, "checking" if dry_run else "embedding")
        except KeyboardInterrupt:
            progress.stop()
            console.print(f"\nIt goes on without you: triseek jobs show {job.id} --wait", highlight=False)
            raise SystemExit(INTERRUPTED) from None
        progress.stop()
        report(client, job, console, "right" if dry_run else "done")
        if dry_run:
            foretell(job, console)
    if job.progress.failed or job.state is not JobState.SUCCEEDED:
        raise SystemExit(1)


def foretell(job: Job, console: Console) -> None:
    """Prints what an import would do that was only tried."""
    result = job.document.get("result") or {}
    if "expected_seconds" in result:
        kinds = f"{result['new']} new, {result['changed']} changed, {result['unchanged']} unchanged"
        seconds = max(1, round(result["expected_seconds"]))
        takes = f"{seconds} s" if seconds < MINUTE else str(datetime.timedelta(seconds=seconds))
        work = result["new"] + result["changed"]
        told = f"Its products: {kinds}" + (f"; one worker would embed them in about {takes}." if work else ".")
        console.print(told, highlight=False)


def report(client: Client, job: Job, console: Console, taken: str) -> None:
    """Prints how an import ended, and the first of its errors."""
    if job.state is JobState.CANCELLED:
        console.print("The import was cancelled.")
    done, failed = job.progress.done, job.progress.failed
    console.print(f"{done} {'row' if done == 1 else 'rows'} {taken}; {failed} had errors.")
    if job.error and not job.progress.failed:
        console.print(job.error.get("detail"), style="red", highlight=False)
    for error in itertools.islice(client.job_errors(job.id), SHOWN):
        where = f"line {error['line']}" if error.get("line") else f"product {error.get('sku')}"
        problem = error["error"]
        console.print(f"  {where}: {problem.get('detail') or problem.get('title')}", style="red", highlight=False)
    if job.progress.failed > SHOWN:
        console.print(f"  … all of them: triseek jobs show {job.id} --csv > errors.csv", highlight=False)
