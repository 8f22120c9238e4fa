"""What catalogues and their settings look like."""

from marshmallow import Schema, ValidationError, fields, validate

from app.catalog.schema import printable
from app.http.schemas.filters import readable_field
from app.words import words_of

MAX_SEARCHABLE = 64
MAX_GROUPS = 5_000
MAX_SYNONYMS = 64  # of one group


class CatalogueSchema(Schema):
    """A named collection of products."""

    name = fields.String(required=True)


class CataloguesSchema(Schema):
    """All catalogues, by name."""

    catalogues = fields.List(fields.Nested(CatalogueSchema), required=True)


def has_words(text: str) -> None:
    """Refuses what has no letter or digit to be searched for."""
    if not words_of(text):
        raise ValidationError("must have a letter or a digit")


def two_at_least(words: list[str]) -> None:
    """Refuses a group of one, however often it stands there."""
    if len(set(words)) < 2:
        raise ValidationError("must have two different words or phrases at least")


class CatalogueSettingsSchema(Schema):
    """How the words of a catalogue are searched."""

    searchable = fields.List(
        fields.String(validate=[validate.Length(1, 200), printable, readable_field]),
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=MAX_SEARCHABLE),
        metadata={
            "description": "Fields whose words count, as a filter names them; null: title, description and attributes.",
            "example": ["title", "brand", "details.material"],
        },
    )
    synonyms = fields.List(
        fields.List(
            fields.String(validate=[validate.Length(1, 200), printable, has_words]),
            validate=[validate.Length(2, MAX_SYNONYMS), two_at_least],
        ),
        load_default=(),
        validate=validate.Length(max=MAX_GROUPS),
        metadata={
            "description": "Groups of words and phrases that mean the same.",
            "example": [["sofa", "couch", "settee"], ["tv", "television set"]],
        },
    )


class CatalogueStatsSchema(Schema):
    """What a catalogue holds."""

    products = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "`total`, and how many are `ready`, `pending` and `failed`."},
    )
    media = fields.Dict(required=True, metadata={"description": "By modality, `count`, and `bytes` of different ones."})
    spaces = fields.List(
        fields.Dict(), required=True, metadata={"description": "Products and vectors in each that is not retired."}
    )
