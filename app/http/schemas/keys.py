"""What API keys look like, and how they are asked for."""

from marshmallow import Schema, fields, validate

from app.catalog.schema import printable
from app.http.schemas.filters import some_filter
from app.keys.service import LONGEST, LONGEST_NAME, MOST
from app.types import Scope

LONGEST_FILTER = 2_000  # characters; it stands in a header


class KeyRequestSchema(Schema):
    """A key to make."""

    name = fields.String(
        required=True,
        validate=[validate.Length(1, LONGEST_NAME), printable],
        metadata={"description": "What it is for, to tell keys apart.", "example": "search page"},
    )
    scopes = fields.List(
        fields.Enum(Scope, by_value=True),
        required=True,
        validate=validate.Length(1, len(Scope)),
        metadata={"example": ["search"]},
    )
    expires_in_days = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, LONGEST),
        metadata={"description": "Never unless told."},
    )
    requests_per_minute = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, MOST),
        metadata={"description": "As TRISEEK_REQUESTS_PER_MINUTE says unless told."},
    )
    searches_per_day = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, MOST),
        metadata={"description": "Any number unless told."},
    )


class RotationSchema(Schema):
    """How long the key that is replaced goes on to work."""

    grace_hours = fields.Integer(strict=True, load_default=24, validate=validate.Range(0, 24 * LONGEST))


class KeySchema(Schema):
    """What is told of a key."""

    prefix = fields.String(required=True, metadata={"description": "Its first characters."})
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    state = fields.String(required=True, validate=validate.OneOf(["valid", "expired", "revoked"]))
    replaced_by = fields.String(
        required=True, allow_none=True, metadata={"description": "The key that came in its place, once it is rotated."}
    )
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    requests_per_minute = fields.Integer(required=True, allow_none=True)
    searches_per_day = fields.Integer(required=True, allow_none=True)
    last_used_at = fields.DateTime(required=True, allow_none=True, metadata={"description": "To the minute."})


class MadeKeySchema(KeySchema):
    """A new key."""

    key = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Told in this answer and never again: null where it is repeated (Idempotency-Key)."},
    )


class KeysSchema(Schema):
    """All keys."""

    keys = fields.List(fields.Nested(KeySchema), required=True)


class TokenRequestSchema(Schema):
    """A search token to make."""

    catalogue = fields.String(required=True, validate=[validate.Length(1, 200), printable])
    filter = fields.String(
        load_default=None,
        allow_none=True,
        validate=[validate.Length(1, LONGEST_FILTER), printable, some_filter],
        metadata={"description": "Holds whatever the holder asks for.", "example": "published = TRUE"},
    )
    expires_in_seconds = fields.Integer(strict=True, load_default=3_600, validate=validate.Range(1, 86_400))
    requests_per_minute = fields.Integer(strict=True, load_default=120, validate=validate.Range(1, MOST))


class TokenSchema(Schema):
    """A search token."""

    token = fields.String(required=True, metadata={"description": "Stands where a key would: Bearer TOKEN."})
    expires_at = fields.DateTime(required=True)
