"""Groups of commands, and how their failures are shown."""

from typing import Any

import click

from app.errors import TriseekError
from app.local.signals import interrupts


class Failure(click.ClickException):
    """One clear line on standard error."""

    exit_code = 2


class Commands(click.Group):
    """A group whose commands end with one clear line when something of ours goes wrong."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # click's own signature
        """Runs the command; SIGTERM ends it as Ctrl-C does.

        Raises:
            Failure: the command raised an error of ours.
        """
        try:
            with interrupts():
                return super().invoke(ctx)
        except TriseekError as error:
            raise Failure(_told(error)) from error


def _told(error: TriseekError) -> str:
    """What is wrong, with every field that is; nothing twice, where the detail only repeats what the fields say."""
    fields = [f"{field.pointer or '/'}: {field.detail}" for field in error.errors]
    repeats = bool(fields) and all(field.detail in error.detail for field in error.errors)
    return "; ".join(fields if repeats else [error.detail, *fields])
