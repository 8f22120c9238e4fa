"""Names wrong fields by JSON pointers."""

from collections.abc import Iterator

from marshmallow import ValidationError

from app.errors import FieldError, RequestInvalid


def request_invalid(error: ValidationError) -> RequestInvalid:
    """Our error for what a schema found wrong, each field by its JSON pointer (RFC 6901)."""
    wrong = list(_field_errors("", error.messages))
    first = wrong[0]
    return RequestInvalid(f"{first.pointer or 'The body'}: {first.detail}", wrong)


def _field_errors(pointer: str, messages: object) -> Iterator[FieldError]:
    if isinstance(messages, dict):
        for name, below in messages.items():
            # marshmallow's names for what is wrong with the object as a whole
            own = "" if name in ("_schema", "value", "key") else f"/{escaped(str(name))}"
            yield from _field_errors(pointer + own, below)
    elif isinstance(messages, list):
        for each in messages:
            yield from _field_errors(pointer, each)
    else:
        yield FieldError(pointer, str(messages))


def escaped(name: str) -> str:
    """A name as it stands in a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
