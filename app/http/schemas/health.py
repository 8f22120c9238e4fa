"""What probes answer."""

from marshmallow import Schema, fields, validate

from app.jobs.names import SERVED

CHECKS = ("database", "migrations", "space", "broker")


class AliveSchema(Schema):
    """The process answers."""

    status = fields.String(required=True, validate=validate.Equal("ok"))


class ReadySchema(Schema):
    """All is there that a search needs."""

    status = fields.String(required=True, validate=validate.Equal("ready"))
    checks = fields.Dict(
        keys=fields.String(validate=validate.OneOf(CHECKS)),
        values=fields.Boolean(),
        required=True,
    )
    workers = fields.Dict(
        keys=fields.String(validate=validate.OneOf(SERVED)),
        values=fields.Boolean(),
        required=True,
        metadata={"description": "By queue, whether a worker takes from it. Without one, jobs wait; requests do not."},
    )
    warnings = fields.List(fields.String(), required=True)
