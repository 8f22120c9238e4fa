"""`triseek weights`: are the encoders' weights here, and whole."""

import json
from typing import Any

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from app.errors import TriseekError, WeightsInvalid
from workers.alignment.artifact import DEFAULT, check_alignment
from workers.encoders import image, speech, text
from workers.encoders.weights import WeightFile

FILES = {text.CARD.name: text.WEIGHTS, image.CARD.name: image.LITE2.weights, speech.CARD.name: speech.BASE}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def weights(as_json: bool) -> None:
    """Look whether the weights of the default encoders and the default alignment are here and undamaged."""
    rows = [_checked(name, file) for name, file in FILES.items()] + [_alignment()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        table = Table("weights of", "from", "", box=SIMPLE, pad_edge=False)
        for row in rows:
            table.add_row(row["name"], row["source"], row["problem"] or "fine")
        Console().print(table)
    if any(row["problem"] for row in rows):
        raise SystemExit(1)


def _checked(name: str, file: WeightFile) -> dict[str, Any]:
    try:
        file.verified()
    except WeightsInvalid as error:
        return {"name": name, "source": file.source, "problem": error.detail}
    return {"name": name, "source": file.source, "problem": None}


def _alignment() -> dict[str, Any]:
    row = {"name": "the default alignment", "source": "triseek", "problem": None}
    try:
        check_alignment(DEFAULT)
    except TriseekError as error:
        row["problem"] = error.detail
    return row
