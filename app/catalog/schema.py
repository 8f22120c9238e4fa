"""What a product must look like when a client sends it: the same over HTTP and in an imported file."""

import base64
import binascii
import decimal
import json
import math
import unicodedata
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

MAX_MEDIA = 16  # pictures or recordings of one product
MAX_ATTRIBUTES_BYTES = 65_536
MAX_ATTRIBUTES_DEPTH = 8
MAX_DECIMALS = 30  # of a price; a sum of binary fractions has up to 17


def printable(text: str) -> None:
    """Refuses NUL, which PostgreSQL cannot store, and lone surrogates, which no encoding can."""
    if "\x00" in text or any(unicodedata.category(character) == "Cs" for character in text):
        raise ValidationError("must not contain NUL characters or lone surrogates")


def single_line(text: str) -> None:
    """Refuses control characters and slashes, which have no place in a name that stands in a URL."""
    printable(text)
    if "/" in text or any(unicodedata.category(character) == "Cc" for character in text) or text != text.strip():
        raise ValidationError("must not contain '/' or control characters, nor begin or end with a space")
    if text in (".", ".."):
        raise ValidationError("must not be '.' or '..', which clients take out of URLs")


def few_decimals(number: decimal.Decimal) -> None:
    """Refuses numbers that no price needs and PostgreSQL cannot hold."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -MAX_DECIMALS:
        raise ValidationError(f"must not have more than {MAX_DECIMALS} decimals")


class Base64(fields.Field[bytes]):
    """Bytes, as base64 text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bytes:  # noqa: ANN401, ARG002  marshmallow's signature
        if not isinstance(value, str):
            raise ValidationError("must be base64 text")
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValidationError("is not base64") from error


class MediaSchema(Schema):
    """One picture or recording: its bytes as base64, a file that came in the same request, or where to fetch it."""

    base64 = Base64(metadata={"type": "string", "format": "byte", "description": "The file's bytes as base64."})
    upload = fields.String(
        validate=[validate.Length(1, 255), printable],
        metadata={"description": "The file name of an `image` or `speech` part of the same multipart request."},
    )
    url = fields.String(
        validate=[
            validate.Length(1, 2_000),
            printable,
            validate.URL(schemes={"http", "https"}, require_tld=False, error="must be an http or https address"),
        ],
        metadata={"format": "uri", "description": "Where a worker fetches it, over http or https."},
    )

    @validates_schema
    def check_one_source(self, data: dict[str, Any], **_: object) -> None:
        """Exactly one source."""
        if len(data) != 1:
            raise ValidationError("must have exactly one of base64, upload or url")


class ProductContentSchema(Schema):
    """All of a product but its SKU, none of it required."""

    title = fields.String(allow_none=True, validate=[validate.Length(max=2_000), printable])
    description = fields.String(allow_none=True, validate=[validate.Length(max=50_000), printable])
    attributes = fields.Dict(keys=fields.String(validate=[validate.Length(1, 200), printable]))
    price = fields.Decimal(
        allow_none=True,
        allow_nan=False,
        error_messages={"invalid": "must be a number such as 1299.50: with a point, and no commas or spaces"},
        validate=[validate.Range(0, 10**15), few_decimals],
        # The bounds once more, as JSON numbers: the range's own come out as Decimals.
        metadata={"type": "number", "minimum": 0, "maximum": 10**15},
    )
    currency = fields.String(
        allow_none=True,
        validate=validate.Regexp(r"^[A-Z]{3}\Z", error="must be an ISO 4217 code such as EUR"),
        metadata={"pattern": "^[A-Z]{3}$"},  # as ECMAScript says it, which has no \Z
    )
    images = fields.List(fields.Nested(MediaSchema), validate=validate.Length(max=MAX_MEDIA))
    speech = fields.List(fields.Nested(MediaSchema), validate=validate.Length(max=MAX_MEDIA))

    @validates_schema
    def check_attributes(self, data: dict[str, Any], **_: object) -> None:
        """Attributes are small and not too deep."""
        attributes = data.get("attributes") or {}
        try:
            _check_values(attributes, MAX_ATTRIBUTES_DEPTH)
        except ValidationError as error:
            raise ValidationError(error.messages, "attributes") from error
        if len(json.dumps(attributes, ensure_ascii=False).encode()) > MAX_ATTRIBUTES_BYTES:
            raise ValidationError(f"must not be more than {MAX_ATTRIBUTES_BYTES:,} bytes of JSON", "attributes")


class ProductSchema(ProductContentSchema):
    """A product: a SKU, and at least one of a title, a picture or a recording."""

    sku = fields.String(required=True, validate=[validate.Length(1, 200), single_line])

    @validates_schema
    def check_content(self, data: dict[str, Any], **_: object) -> None:
        """Something to embed is there."""
        if not ((data.get("title") or "").strip() or data.get("images") or data.get("speech")):
            raise ValidationError("needs a title, or at least one of images or speech", "title")


def _check_values(value: object, depth: int) -> None:
    if isinstance(value, str):
        printable(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValidationError("must not contain NaN or infinite numbers")
    elif isinstance(value, dict | list):
        if depth == 0:
            raise ValidationError(f"must not be nested more than {MAX_ATTRIBUTES_DEPTH} deep")
        for each in [*value, *value.values()] if isinstance(value, dict) else value:
            _check_values(each, depth - 1)
