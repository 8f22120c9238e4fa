import click
import pytest
from click.testing import CliRunner

from app.cli.commands import Commands
from app.errors import FieldError, RequestInvalid


@pytest.mark.parametrize(
    ("detail", "errors", "told"),
    [
        ("The file is no picture.", (), "The file is no picture."),
        ("/text: must not be empty", (("/text", "must not be empty"),), "/text: must not be empty"),
        ("The file is no picture.", (("/image", "The file is no picture."),), "/image: The file is no picture."),
        (
            "2 fields are wrong.",
            (("/a", "too long"), ("", "no object")),
            "2 fields are wrong.; /a: too long; /: no object",
        ),
    ],
)
def test_what_is_wrong_is_told_once_with_its_field(detail: str, errors: tuple[tuple[str, str], ...], told: str) -> None:
    @click.group(cls=Commands)
    def group() -> None:
        pass

    @group.command()
    def fail() -> None:
        raise RequestInvalid(detail, [FieldError(*error) for error in errors])

    run = CliRunner().invoke(group, ["fail"])
    assert run.exit_code != 0
    assert run.output == f"Error: {told}\n"
