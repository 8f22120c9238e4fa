"""How a stored picture may be asked for."""

from marshmallow import Schema, fields, validate

from app.media.thumbnails import WIDTHS


class MediaQuerySchema(Schema):
    """In which width a picture is wanted."""

    width = fields.Integer(
        load_default=None,
        validate=validate.OneOf(WIDTHS),
        metadata={"description": "A smaller version of about this width (pixels), if there is one; else as it came."},
    )
