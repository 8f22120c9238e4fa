"""The commands that need the encoders, reached as `triseek align`, `triseek evaluate`."""

import click

from app.cli.commands import Commands
from workers.cli.align import align
from workers.cli.compare import compare
from workers.cli.evaluate import evaluate
from workers.cli.leave_one_out import leave_one_out


@click.group(cls=Commands)
def main() -> None:
    """Train and measure alignments."""


align.add_command(leave_one_out)
align.add_command(compare)
main.add_command(align)
main.add_command(evaluate)

if __name__ == "__main__":
    main(prog_name="triseek")
