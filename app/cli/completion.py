"""`triseek completion`: what a shell needs to complete commands and options."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what lets SHELL complete commands: eval "$(triseek completion bash)"."""
    found = get_completion_class(shell)
    assert found is not None  # of the shells above
    click.echo(found(context.find_root().command, {}, "triseek", "_TRISEEK_COMPLETE").source())
