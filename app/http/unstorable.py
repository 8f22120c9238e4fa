"""Text that is JSON, but that PostgreSQL cannot hold: NUL, and halves of surrogate pairs."""

from collections.abc import Iterator
from typing import Any

from app.catalog.pointers import escaped
from app.errors import FieldError, RequestInvalid


def refuse_unstorable(content: Any) -> None:  # noqa: ANN401  any JSON value
    """Lets a JSON value go on if all its texts can be stored, wherever they stand.

    Raises:
        RequestInvalid: naming each place where one cannot.
    """
    wrong = [FieldError(pointer, "must not contain NUL characters or lone surrogates") for pointer in _wrong(content)]
    if wrong:
        raise RequestInvalid(f"{wrong[0].pointer}: {wrong[0].detail}", wrong)


def _wrong(content: Any) -> Iterator[str]:  # noqa: ANN401  the same
    """Pointers to what cannot be stored, and to objects with such a name in them."""
    left: list[tuple[str, Any]] = [("", content)]  # and no recursion: whoever sends JSON chooses how deep it goes
    while left:
        pointer, value = left.pop()
        if isinstance(value, dict):
            if not all(map(_is_storable, value)):
                yield pointer
            left += [(f"{pointer}/{escaped(name)}", each) for name, each in value.items() if _is_storable(name)]
        elif isinstance(value, list):
            left += [(f"{pointer}/{number}", each) for number, each in enumerate(value)]
        elif isinstance(value, str) and not _is_storable(value):
            yield pointer


def _is_storable(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False
