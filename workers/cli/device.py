"""`--device`: where training runs."""

import click
import torch

from workers.encoders.device import choose

DEVICES = ("auto", "cpu", "cuda")


def _chosen(_context: click.Context, _parameter: click.Parameter, name: str) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise click.BadParameter("torch finds no CUDA device here; leave it at auto, or say cpu.")
    return choose(name)


device_option = click.option(
    "--device",
    type=click.Choice(DEVICES),
    default=DEVICES[0],
    show_default=True,
    callback=_chosen,
    help="Where encoders and training run; auto is the GPU if there is one.",
)
