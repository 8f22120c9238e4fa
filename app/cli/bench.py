"""`triseek bench`: how long things take, on a stack of its own."""

import click


@click.group()
def bench() -> None:
    """Measure how long things take."""
