"""What probes answer."""

from marshmallow import Schema, fields, validate


class AliveSchema(Schema):
    """The process answers."""

    status = fields.String(required=True, validate=validate.Equal("ok"))


class ReadySchema(Schema):
    """All is there that a search needs."""

    status = fields.String(required=True, validate=validate.Equal("ready"))
    checks = fields.Dict(
        keys=fields.String(validate=validate.OneOf(["database", "broker", "space"])),
        values=fields.Boolean(),
        required=True,
    )
