"""`triseek reindex`: another space, built beside the one that answers searches, compared with it, activated."""

import datetime
import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from app.cli.asking import confirm
from app.cli.comparison import print_comparison, write_page
from app.cli.judged_searches import judged_searches
from app.cli.server import connect, server_options
from app.client import Client, Document, Job
from app.spaces.reindex import DEFAULT
from app.types import JobState, Modality

INTERRUPTED = 130  # a shell's code for Ctrl-C
EVERY = 0.5  # seconds between two looks at a job
MEGABYTE = 1_000_000
PHASES = {None: "preparing", "backfill": "embedding", "indexes": "building indexes", "done": "built"}


class Artifact(click.ParamType[Path | str]):
    """A folder, or `default`."""

    name = "FOLDER|default"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | str:  # noqa: ANN401  click's signature
        """The folder, which is there, or the word."""
        if value == DEFAULT:
            return DEFAULT
        folder: Path = click.Path(exists=True, file_okay=False, path_type=Path).convert(value, param, ctx)
        return folder


@click.command()
@click.option(
    "--alignment",
    type=Artifact(),
    help="The folder of an alignment, as `triseek align train` writes it; default: the one that this release brings, or"
    " TRISEEK_ALIGNMENT of the workers names; the present one unless told.",
)
@click.option("--encoders", default="", help="Where its encoders are that have no name: text=/models/bert,image=…")
@click.option("--dim", type=click.IntRange(1, 4000), help="Numbers of a vector, if fewer than the alignment gives.")
@click.option("--catalogue", help="A space for this catalogue alone; for all unless told.")
@click.option(
    "--only", type=click.Choice([str(m) for m in Modality]), help="Embed anew, where it is, what is of this modality."
)
@click.option("--dry-run", is_flag=True, help="Only print the plan.")
@click.option(
    "--verify",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A judged set to compare by; products are asked for by their own contents unless told.",
)
@click.option("--judged-in", help="The catalogue that the judged set's products are in; --catalogue unless told.")
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path), help="Write the comparison as HTML here.")
@click.option("--activate/--no-activate", default=True, help="Whether the new space is to answer searches.")
@click.option("--force", is_flag=True, help="Also if it is worse.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print plan and comparison as JSON; asks nothing.")
@server_options
def reindex(
    alignment: Path | str | None,
    encoders: str,
    dim: int | None,
    catalogue: str | None,
    only: str | None,
    dry_run: bool,
    verify: Path | None,
    judged_in: str | None,
    page: Path | None,
    activate: bool,
    force: bool,
    yes: bool,
    as_json: bool,
    url: str | None,
    key: str | None,
    data: Path,
) -> None:
    """Embed all products into another space while searches and uploads go on, compare it, let it answer.

    It can be interrupted: the server goes on, and the same command comes back to it.
    """
    console = Console(stderr=as_json)
    searches = _judged(verify, judged_in or catalogue)
    if judged_in and not searches:
        raise click.UsageError("--judged-in goes with --verify.")
    if page is not None and not page.absolute().parent.is_dir():
        raise click.UsageError(f"--page: there is no folder {page.absolute().parent}.")
    with connect(url, key, data) as client:
        if searches:
            client.stats(judged_in or catalogue or "")  # before anything is built: is there such a catalogue
        asked: Document = {
            "alignment": client.upload_alignment(alignment) if isinstance(alignment, Path) else alignment,
            "encoders": encoders,
            "dim": dim,
            "catalogue": catalogue,
            "only": None if only is None else Modality(only),
        }
        plan = client.wait(client.reindex(**asked, dry_run=True).id).answer()["plan"]
        report: Document = {"plan": plan}
        print_plan(plan, console)
        if not dry_run:
            if not (yes or as_json):
                confirm("Go on?", default=True)
            built = followed(client, client.reindex(**asked), console, "triseek reindex with the same options")
            report |= built
            if plan["in_place"]:
                console.print("What was embedded anew answers searches.")
            if not plan["in_place"] and _is_ready(client, built["space"]):
                report["comparison"] = _compared(client, built["space"], judged_in or catalogue, searches, console)
                _finish(client, report, page, catalogue, console, activate=activate, force=force)
    if as_json:
        click.echo(json.dumps(report, indent=2))
    if "comparison" in report and activate and not report["activated"]:
        raise SystemExit(1)


def _judged(folder: Path | None, catalogue: str | None) -> list[Document]:
    """The judged set's searches; none without one."""
    if folder is not None and not catalogue:
        raise click.UsageError("Say with --judged-in which catalogue has the judged set's products.")
    return [] if folder is None else judged_searches(folder)


def print_plan(plan: Document, console: Console) -> None:
    """Prints what a reindex takes."""
    counts = ", ".join(f"{count:,} {modality}" for modality, count in plan["contents"].items() if count)
    took = datetime.timedelta(seconds=max(1, round(plan["expected_seconds"])))
    kept = f", {plan['kept_share']:.0%} of it from what encoders gave before" if plan["kept_share"] else ""
    table = Table.grid(padding=(0, 2))
    table.add_row("into", _into(plan))
    table.add_row("products", f"{plan['products']:,} ({counts or 'no contents'})")
    table.add_row("encoders", ", ".join(plan["encoders"].values()))
    table.add_row("time", f"about {took} with one worker{kept}")
    if plan["disk_bytes"] is not None and not plan["in_place"]:
        table.add_row("disk", f"about {plan['disk_bytes'] / MEGABYTE:,.0f} MB more in the database")
    more = plan["weights_mb"] - plan["shared_weights_mb"]
    table.add_row("memory", f"{more:,.0f} MB more of weights in each worker ({plan['weights_mb']:,.0f} MB in all)")
    console.print(table, highlight=False)


def _into(plan: Document) -> str:
    if plan["in_place"]:
        return "the space that answers, anew"
    if plan["there"] is None:
        return "another space"
    state = {"ready": "is built already: nothing is embedded", "building": "is begun: it goes on"}
    return f"a space that {state.get(plan['there'], 'was retired: it is built anew')}"


def followed(client: Client, job: Job, console: Console, again: str) -> Document:
    """Shows a reindex or a comparison until it ends; its result.

    Args:
        client: of the server.
        job: that is shown.
        console: where.
        again: what comes back to it once it was interrupted.
    """
    bar = (TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*bar, TimeRemainingColumn(elapsed_when_finished=False), console=console) as progress:
        task = progress.add_task("preparing", total=None)
        try:
            for job in client.follow(job.id, every=EVERY):  # noqa: B020  the last one is returned
                phase = "comparing" if job.kind == "verify" else PHASES[job.document.get("phase")]
                done = job.progress.done + job.progress.failed
                progress.update(task, description=phase, completed=done, total=job.progress.total)
                if job.document.get("problem") and not job.state.is_final:
                    progress.console.print(job.document["problem"], style="yellow", highlight=False)
        except KeyboardInterrupt:
            progress.stop()
            console.print(f"\nIt goes on without you: {again} comes back to it;", highlight=False)
            console.print(f"triseek jobs cancel {job.id} stops it.", highlight=False)
            raise SystemExit(INTERRUPTED) from None
    if job.state is JobState.CANCELLED:
        console.print("It was cancelled. The same command goes on where it was stopped.")
        raise SystemExit(1)
    result = job.answer()
    for note in result.get("notes", ()):
        console.print(note, highlight=False)
    if job.progress.failed:
        told = f"{job.progress.failed} products have contents that could not be embedded: triseek jobs show {job.id}"
        console.print(f"{told} --errors", style="yellow", highlight=False)
    return result


def _is_ready(client: Client, space_id: int) -> bool:
    return any(space["id"] == space_id and space["state"] == "ready" for space in client.spaces())


def _compared(
    client: Client, space_id: int, catalogue: str | None, searches: list[Document], console: Console
) -> Document:
    job = client.verify_space(space_id, catalogue=catalogue, queries=searches)
    return followed(client, job, console, f"triseek spaces verify {space_id}")


def _finish(
    client: Client,
    report: Document,
    page: Path | None,
    catalogue: str | None,
    console: Console,
    *,
    activate: bool,
    force: bool,
) -> None:
    found, space_id = report["comparison"], report["space"]
    print_comparison(found, console)
    if page is not None:
        write_page(found, page)
        console.print(f"The comparison as a page: {page}", highlight=False)
    report["activated"] = activate and (found["is_ready"] or force)
    if report["activated"]:
        client.activate_space(space_id)
        scope, own = (f" of {catalogue}", f" --catalogue {catalogue}") if catalogue else ("", "")
        told = f"Space {space_id} answers searches{scope} now. triseek spaces rollback{own} goes back."
        console.print(told, highlight=False)
    else:
        told = "Activate it with" if found["is_ready"] else "It is not activated. If it is to be all the same:"
        console.print(f"{told} triseek spaces activate {space_id}", highlight=False)
