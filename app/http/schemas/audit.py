"""What the audit log looks like."""

from marshmallow import Schema, fields


class AuditEntrySchema(Schema):
    """That somebody did something."""

    at = fields.DateTime(required=True)
    actor = fields.String(required=True, metadata={"description": "The first characters of the key."})
    action = fields.String(required=True, metadata={"description": "Such as space.activate."})
    subject = fields.String(required=True, metadata={"description": "What it was done to."})
    detail = fields.Dict(required=True)


class AuditPageSchema(Schema):
    """Some entries, newest first."""

    entries = fields.List(fields.Nested(AuditEntrySchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
