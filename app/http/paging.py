"""Cursors: where the next page begins."""

from app.errors import FieldError, RequestInvalid

LARGEST = 2**63 - 1


def read_cursor(cursor: str | None) -> int:
    """The number that a page's `next_cursor` stands for; 0 for the first page.

    Raises:
        RequestInvalid: no page gave it.
    """
    if cursor is None:
        return 0
    number = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 20 else -1
    if not 0 <= number <= LARGEST:
        raise RequestInvalid("The cursor is wrong.", [FieldError("/cursor", "is not a cursor that a page gave")])
    return number
