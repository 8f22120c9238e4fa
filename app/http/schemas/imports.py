"""How imports are asked for."""

from marshmallow import Schema, fields


class ImportQuerySchema(Schema):
    """How to import."""

    dry_run = fields.Boolean(load_default=False, metadata={"description": "Only check the file; change nothing."})
