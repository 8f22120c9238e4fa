"""Questions before something is done that takes long or cannot be undone."""

import click

SILENCE = "Nobody answered: say --yes where nobody can."


def confirm(question: str, *, default: bool = False) -> None:
    """Asks; ends the command unless the answer is yes.

    Raises:
        Abort: it is no.
        UsageError: nobody is there to answer.
    """
    try:
        is_meant = click.confirm(question, default=default)
    except click.Abort as error:
        if isinstance(error.__context__, EOFError):
            raise click.UsageError(SILENCE) from error
        raise  # Ctrl-C
    except RuntimeError as error:  # standard input is closed
        raise click.UsageError(SILENCE) from error
    if not is_meant:
        raise click.Abort
