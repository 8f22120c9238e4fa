"""`triseek`: every command."""

import os
import sys

import click

from app.cli.audit import audit
from app.cli.backup import backup, restore
from app.cli.bench import bench
from app.cli.catalogue import catalogue
from app.cli.commands import Commands
from app.cli.completion import completion
from app.cli.demo import demo
from app.cli.doctor import doctor
from app.cli.imports import import_file
from app.cli.jobs import jobs
from app.cli.keys import keys
from app.cli.migrate import migrate
from app.cli.products import products
from app.cli.reindex import reindex
from app.cli.search import search
from app.cli.settings import settings
from app.cli.spaces import spaces
from app.cli.tenants import tenants
from app.cli.up import up
from app.cli.upkeep import erase, media
from app.cli.webhooks import webhooks


@click.group(cls=Commands)
@click.version_option(package_name="triseek")
def triseek() -> None:
    """Find products by text, picture, voice, or any mix of them."""


def passed_on(name: str, summary: str) -> click.Command:
    """A command that needs the encoders: the worker package runs it, with every argument as it stands."""

    @click.command(
        name,
        help=summary,
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    )
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def run(arguments: tuple[str, ...]) -> None:
        sys.stdout.flush()
        command = [sys.executable, "-P", "-m", "workers", name, *arguments]
        os.execv(sys.executable, command)  # noqa: S606  # no shell is meant

    return run


for command in (
    bench,
    demo,
    import_file,
    search,
    jobs,
    catalogue,
    products,
    settings,
    webhooks,
    reindex,
    spaces,
    up,
    keys,
    tenants,
    backup,
    restore,
    erase,
    media,
    audit,
    doctor,
    completion,
    migrate,
    passed_on("align", "Train and inspect alignment networks (needs the workers' packages)."),
    passed_on("licences", "List the licences of all packages and weights (needs the workers' packages)."),
    passed_on("weights", "Look whether the encoders' weights are here (needs the workers' packages)."),
    passed_on("evaluate", "Measure retrieval on a judged set (needs the workers' packages)."),
):
    triseek.add_command(command)
bench.add_command(
    passed_on("bench-query", "Search over HTTP, beside the pipeline in one process (needs the workers' packages)."),
    name="query",
)
bench.add_command(
    passed_on("bench-ingest", "Upload products, beside the encoders alone (needs the workers' packages)."),
    name="ingest",
)
bench.add_command(
    passed_on("bench-rank", "Rank vectors beside other indexes (needs the workers' packages)."), name="rank"
)
bench.add_command(
    passed_on("bench-reindex", "Build embedding spaces under load (needs the workers' packages)."), name="reindex"
)
bench.add_command(
    passed_on("bench-size", "Measure disk and processors, and what a shop needs (needs the workers' packages)."),
    name="size",
)
