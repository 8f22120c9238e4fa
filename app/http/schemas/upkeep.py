"""How erasures and collections are asked for."""

from marshmallow import Schema, fields, validate

from app.http.schemas.strict import Flag


class ErasureSchema(Schema):
    """What is to be erased: a catalogue, a product of one, or everything."""

    catalogue = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 64))
    sku = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 200))
    everything = Flag(
        load_default=False, metadata={"description": "All catalogues, jobs and webhooks; keys and the audit log stay."}
    )


class CollectionQuerySchema(Schema):
    """Whether to remove anything."""

    dry_run = fields.Boolean(load_default=False, metadata={"description": "Only count what is unused."})
