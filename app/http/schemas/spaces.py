"""What embedding spaces look like."""

from marshmallow import Schema, fields, validate

from app.types import SpaceState


class SpaceSchema(Schema):
    """What makes embeddings comparable."""

    id = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(SpaceState)))
    encoders = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    alignment = fields.String(required=True, metadata={"description": "SHA-256 of the alignment's weights."})
    dim = fields.Integer(required=True)
    metric = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    activated_at = fields.DateTime(required=True, allow_none=True)


class SpacesSchema(Schema):
    """All spaces, oldest first."""

    spaces = fields.List(fields.Nested(SpaceSchema), required=True)
