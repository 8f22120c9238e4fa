"""`triseek search`: one search from a shell."""

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.cli.server import connect, server_options
from app.client import SearchOptions
from app.types import Modality

STEPS = ("queue", "encode", "sql", "rerank")  # of a search, as they follow each other
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("text", required=False)
@click.option("--image", type=_FILE, help="A picture of what is looked for.")
@click.option("--speech", type=_FILE, help="A recording that says what is looked for.")
@click.option("--catalogue", required=True, help="Where to look.")
@click.option("--limit", type=click.IntRange(1, 200), default=10, show_default=True, help="How many hits.")
@click.option("--filter", "where", help="Only products that match: price < 50 AND colour = 'red'")
@click.option("--facet", "facets", multiple=True, help="Count the values of this field; may be given several times.")
@click.option(
    "--against", type=click.Choice([str(m) for m in Modality]), multiple=True, help="Compare only with these."
)
@click.option(
    "--min-relevance", type=click.FloatRange(0, 1), default=0.0, help="Leave out hits that are less likely relevant."
)
@click.option("--rerank/--no-rerank", default=True, help="Re-rank the best by attention.")
@click.option("--explain", is_flag=True, help="Show what each part of the query brought.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@server_options
def search(
    text: str | None,
    image: Path | None,
    speech: Path | None,
    catalogue: str,
    limit: int,
    where: str | None,
    facets: tuple[str, ...],
    against: tuple[str, ...],
    min_relevance: float,
    rerank: bool,
    explain: bool,
    as_json: bool,
    url: str | None,
    key: str | None,
    data: Path,
) -> None:
    """Find products by TEXT, a picture, a recording, or any mix of them."""
    if text is None and image is None and speech is None:
        raise click.UsageError("Give a TEXT, --image, --speech, or several of them.")
    options = SearchOptions(
        limit=limit,
        where=where,
        facets=facets,
        against=[Modality(each) for each in against],
        min_relevance=min_relevance,
        rerank=rerank,
        explain=explain,
    )
    with connect(url, key, data) as client:
        result = client.search(catalogue, text=text, image=image, speech=speech, options=options)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    console = Console()
    console.print(hits_table(result["hits"], explain=explain))
    for name, values in result["facets"].items():
        counts = ", ".join(f"{each['value']} {each['count']}" for each in values)
        console.print(f"{name}: {counts or 'no values'}", highlight=False, markup=False)
    for note in result.get("notes", ()):
        console.print(note, highlight=False, markup=False)
    if transcript := result.get("transcript"):
        console.print(f"heard: {transcript}", highlight=False)
    console.print(took(result["took_ms"]), style="dim", highlight=False)


def hits_table(hits: list[dict[str, Any]], *, explain: bool) -> Table:
    """The hits of a search, and with `explain` what each part of the query brought to each."""
    table = Table("#", "SKU", "title", "score", "cosine", *(["because of"] if explain else []))
    for hit in hits:
        title = (hit.get("product") or {}).get("title") or ""
        row = [str(hit["rank"]), hit["sku"], title, f"{hit['score']:.3f}", f"{hit['cosine']:.3f}"]
        table.add_row(*map(escape, [*row, *([_reasons(hit)] if explain else [])]))
    return table


def took(milliseconds: dict[str, float]) -> str:
    """How long a search took, and what for: `84 ms: queue 3, encode 61, sql 12, rerank 8`."""
    steps = ", ".join(f"{step} {milliseconds[step]:.0f}" for step in STEPS if milliseconds.get(step) is not None)
    return f"{milliseconds['total']:.0f} ms: {steps}"


def _reasons(hit: dict[str, Any]) -> str:
    brought = [
        f"{each['query']} × {each['against']}: "
        f"{each['similarity']:.3f} × {each['weight']:.2f} = {each['contribution']:.3f}"
        for each in hit["contributions"]
    ]
    return "\n".join([*brought, *map(_looked, _words(hit))])


def _words(hit: dict[str, Any]) -> list[dict[str, Any]]:
    """Those tokens of the query that are words, and saw something."""
    tokens = hit["attention"] or ()
    return [each for each in tokens if each["modality"] == Modality.TEXT and each["label"] and each["sees"]]


def _looked(token: dict[str, Any]) -> str:
    """What a word looked at most: `red looked at image: row 2, column 3 (0.31)`."""
    seen = token["sees"][0]
    place = f"{seen['against']}: {seen['label']}" if seen["label"] else f"all of {seen['against']}"
    return f"{token['label']} looked at {place} ({seen['weight']:.2f})"
