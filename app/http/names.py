"""Names that stand in paths."""

import unicodedata

from marshmallow import ValidationError

from app.catalog.pointers import request_invalid
from app.catalog.schema import ProductSchema
from app.errors import FieldError, RequestInvalid

LONGEST = 64


def check_catalogue(name: str) -> None:
    """Lets a catalogue be made only under a name that is easily written in a path.

    Raises:
        RequestInvalid: it is too long, or has other characters than letters, digits and `_ . -`.
    """
    fine = all(character in "_.-" or unicodedata.category(character)[0] in "LMN" for character in name)
    if not fine or len(name) > LONGEST or not name.strip("."):
        detail = f"must be 1 to {LONGEST} letters, digits, '_', '.' or '-'"
        raise RequestInvalid(f"The catalogue's name {detail}.", [FieldError("/catalogue", detail)])


def check_sku(sku: str) -> None:
    """Lets a product be made under this SKU.

    Raises:
        RequestInvalid: it is too long, or has characters that a product's schema refuses.
    """
    try:
        ProductSchema().fields["sku"].deserialize(sku)
    except ValidationError as error:
        raise request_invalid(ValidationError({"sku": error.messages})) from error
