"""What is asked before something is done."""

import click
import pytest
from click.testing import CliRunner

from app.cli.asking import confirm


@click.command()
def remove() -> None:
    confirm("Remove it?")
    click.echo("removed")


def test_where_no_input_is_at_all_the_way_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_: str) -> str:
        raise RuntimeError("input(): lost sys.stdin")

    monkeypatch.setattr("click.termui.visible_prompt_func", lost)
    with pytest.raises(click.UsageError, match="--yes"):
        confirm("Remove it?")


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
