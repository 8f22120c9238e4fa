"""What webhooks look like, and how they are asked for."""

import httpx
from marshmallow import Schema, ValidationError, fields, validate

from app.catalog.schema import printable
from app.guarded import request_url
from app.types import DeliveryState, JobKind

DEFAULT = [JobKind.IMPORT, JobKind.EMBED]


def askable(url: str) -> None:
    """Refuses what cannot be asked, and names and passwords, which would be shown to whoever lists webhooks."""
    try:
        request_url(url)
        has_user = bool(httpx.URL(url).userinfo)
    except ValueError as error:
        raise ValidationError("must be an http or https address") from error
    if has_user:
        raise ValidationError("must not hold a name or password; deliveries are signed instead")


class WebhookRequestSchema(Schema):
    """A webhook to add."""

    url = fields.String(
        required=True,
        validate=[
            validate.Length(1, 2_000),
            printable,
            askable,
        ],
        metadata={"description": "Where each end of a job is sent, by POST.", "example": "https://shop.example/jobs"},
    )
    kinds = fields.List(
        fields.Enum(JobKind, by_value=True),
        load_default=lambda: list(DEFAULT),
        validate=validate.Length(1, len(JobKind)),
        metadata={"description": "Of which jobs; imports and products unless told."},
    )


class WebhookSchema(Schema):
    """A webhook."""

    id = fields.Integer(required=True)
    url = fields.String(required=True)
    kinds = fields.List(fields.String(validate=validate.OneOf(list(JobKind))), required=True)
    created_at = fields.DateTime(required=True)
    secret = fields.String(
        metadata={"description": "What deliveries are signed with (Standard Webhooks); told only when it is added."}
    )


class WebhooksSchema(Schema):
    """All webhooks, oldest first."""

    webhooks = fields.List(fields.Nested(WebhookSchema), required=True)


class DeliverySchema(Schema):
    """That a webhook was told, or is to be told, of the end of a job."""

    id = fields.String(required=True, metadata={"description": "The header `webhook-id`."})
    job = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(DeliveryState)))
    tries = fields.Integer(required=True)
    due_at = fields.DateTime(required=True, allow_none=True, metadata={"description": "When it is tried next."})
    delivered_at = fields.DateTime(required=True, allow_none=True)
    problem = fields.String(required=True, allow_none=True, metadata={"description": "What went wrong last."})


class DeliveryPageSchema(Schema):
    """Some deliveries, newest first."""

    deliveries = fields.List(fields.Nested(DeliverySchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class RetriedSchema(Schema):
    """How many deliveries are tried once more."""

    retried = fields.Integer(required=True)
