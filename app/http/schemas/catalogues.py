"""What catalogues look like."""

from marshmallow import Schema, fields


class CatalogueSchema(Schema):
    """A named collection of products."""

    name = fields.String(required=True)


class CataloguesSchema(Schema):
    """All catalogues, by name."""

    catalogues = fields.List(fields.Nested(CatalogueSchema), required=True)
