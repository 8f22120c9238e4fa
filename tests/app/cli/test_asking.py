"""What is asked before something is done."""

import click
import pytest
from click.testing import CliRunner

from app.cli.asking import confirm


@click.command()
def remove() -> None:
    confirm("Remove it?")
    click.echo("removed")


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ("y\n", 0, "removed"),
        ("n\n", 1, "Aborted!"),
        ("\n", 1, "Aborted!"),
        ("", 2, "Nobody answered: say --yes where nobody can."),
    ],
)
def test_only_a_yes_goes_on_and_silence_is_told_the_way(answer: str, code: int, said: str) -> None:
    result = CliRunner().invoke(remove, input=answer)
    assert (result.exit_code, said in result.output) == (code, True), result.output
