"""`triseek settings`: how the words of a catalogue are searched."""

import json
from pathlib import Path

import click

from app.cli.server import connect, server_options

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("catalogue")
@click.option("--searchable", multiple=True, help="A field whose words are searched; may be given several times.")
@click.option("--all-searchable", is_flag=True, help="Search the words of titles, descriptions and all attributes.")
@click.option("--synonyms", type=_FILE, help="A file with a group of words that mean the same a line: sofa, couch")
@server_options
def settings(
    catalogue: str,
    searchable: tuple[str, ...],
    all_searchable: bool,
    synonyms: Path | None,
    url: str | None,
    key: str | None,
    data: Path,
) -> None:
    """Show the settings of CATALOGUE as JSON, and change those that are given."""
    if searchable and all_searchable:
        raise click.UsageError("Give --searchable or --all-searchable, not both.")
    with connect(url, key, data) as client:
        if searchable or all_searchable or synonyms is not None:
            groups = None if synonyms is None else _groups(synonyms)  # before anything is asked for
            now = client.settings(catalogue)
            shown = client.change_settings(
                catalogue,
                searchable=list(searchable) or (None if all_searchable else now["searchable"]),
                synonyms=now["synonyms"] if groups is None else groups,
            )
        else:
            shown = client.settings(catalogue)
    click.echo(json.dumps(shown, ensure_ascii=False, indent=2))


def _groups(file: Path) -> list[list[str]]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file} is not UTF-8.") from error
    return [[word.strip() for word in line.split(",") if word.strip()] for line in lines if line.strip()]
