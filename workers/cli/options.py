"""What the worker commands have in common."""

import os
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.settings import encoders_from_env
from workers.encoders.choice import PRESETS
from workers.media import MediaLimits

DATA_HELP = "A judged set's folder; may be given several times."


class OutputFile(click.Path):
    """A file that can be written, as far as can be told before the work."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401  click's signature
        """Refuses a file whose folder is missing."""
        path = super().convert(value, param, ctx)
        folder = Path(str(path)).absolute().parent
        if not folder.is_dir():
            self.fail(f"there is no folder {folder}", param, ctx)
        return path


OUTPUT_FILE = OutputFile()
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
data_option = click.option("--data", type=_FOLDER, multiple=True, required=True, help=DATA_HELP)
train_data_option = click.option("--data", type=_FOLDER, multiple=True, help=DATA_HELP)
cache_option = click.option(
    "--cache",
    type=click.Path(path_type=Path),
    default=Path(".triseek/encodings"),
    show_default=True,
    help="Where encoder outputs are kept for the next time.",
)
threads_option = click.option(
    "--threads", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True, help="Compute threads."
)
encoders_option = click.option(
    "--encoders",
    default=encoders_from_env,
    show_default="TRISEEK_ENCODERS, or what is there already",
    help=f"A preset ({', '.join(PRESETS)}), or text=NAME,image=NAME,speech=NAME with some of them: the name of an"
    " encoder, a repository of the hub, or a folder.",
)
LIMITS = MediaLimits(max_pixels=100_000_000, max_seconds=300)


def progress_bar(console: Console) -> Progress:
    """What is done, how far it is and how long it takes."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)
