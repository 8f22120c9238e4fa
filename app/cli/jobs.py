"""`triseek jobs`: what the server works on."""

import itertools
import json
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table

from app.cli.server import connect, server_options
from app.client import Job
from app.types import JobKind, JobState


@click.group()
def jobs() -> None:
    """List, show, cancel, retry and replay jobs."""


@jobs.command("list")
@click.option("--state", type=click.Choice([str(s) for s in JobState]), help="Only jobs in this state.")
@click.option("--kind", type=click.Choice([str(k) for k in JobKind]), help="Only jobs of this kind.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@server_options
def list_jobs(
    state: str | None, kind: str | None, limit: int, as_json: bool, url: str | None, key: str | None, data: Path
) -> None:
    """List jobs, newest first."""
    with connect(url, key, data) as client:
        listed = client.jobs(
            state=JobState(state) if state else None, kind=JobKind(kind) if kind else None, page=min(limit, 100)
        )
        found = list(itertools.islice(listed, limit))
    if as_json:
        click.echo(json.dumps([job.document for job in found], indent=2))
        return
    whole_id = Column("id", no_wrap=True)
    table = Table(whole_id, "kind", "state", "done", "created", box=SIMPLE, pad_edge=False)
    for job in found:
        created = str(job.document.get("created_at", ""))[5:16].replace("T", " ")
        kind = f"{job.kind}, dry run" if job.document.get("dry_run") else job.kind
        table.add_row(job.id, kind, job.state, _counts(job), created)
    Console().print(table)


@jobs.command()
@click.argument("job_id")
@click.option("--wait", is_flag=True, help="Wait until the job has ended.")
@click.option("--errors", is_flag=True, help="Print what was wrong with single rows or products instead.")
@click.option("--csv", "as_csv", is_flag=True, help="Print that as a table for a spreadsheet.")
@server_options
def show(job_id: str, wait: bool, errors: bool, as_csv: bool, url: str | None, key: str | None, data: Path) -> None:
    """Print a job as JSON."""
    with connect(url, key, data) as client:
        job = client.wait(job_id) if wait else client.job(job_id)
        if as_csv:
            for piece in client.job_errors_csv(job_id):
                click.echo(piece, nl=False)
            return
        if not errors:
            click.echo(json.dumps(job.document, ensure_ascii=False, indent=2))
            return
        for error in client.job_errors(job_id):
            click.echo(json.dumps(error, ensure_ascii=False))


@jobs.command()
@click.argument("job_id")
@server_options
def cancel(job_id: str, url: str | None, key: str | None, data: Path) -> None:
    """Cancel a job that has not ended."""
    with connect(url, key, data) as client:
        click.echo(f"Job {job_id} is {client.cancel(job_id).state}.")


@jobs.command()
@click.argument("job_id")
@server_options
def retry(job_id: str, url: str | None, key: str | None, data: Path) -> None:
    """Let an import go on that was given up after its workers had ended too often."""
    with connect(url, key, data) as client:
        click.echo(f"Job {job_id} is {client.retry_job(job_id).state}.")


@jobs.command()
@click.argument("job_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@server_options
def replay(job_id: str, as_json: bool, url: str | None, key: str | None, data: Path) -> None:
    """Do a finished search once more, in the space that answered it; ends with 1 if the order is another one."""
    with connect(url, key, data) as client:
        found = client.wait(client.replay(job_id).id).answer()
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        same = f"The {found['compared']} best hits are the same, in the same order."
        click.echo(same if found["is_same"] else "What changed:")
        for change in found["changes"]:
            click.echo(f"  {change}")
    if not found["is_same"]:
        raise SystemExit(1)


def _counts(job: Job) -> str:
    """How many of how many: `12/400, 3 failed`."""
    done, failed, total = job.progress.done, job.progress.failed, job.progress.total
    of = "" if total is None else f"/{total}"
    return f"{done}{of}, {failed} failed" if failed else f"{done}{of}"
