"""What searches look like, asked and answered."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from app.catalog.schema import MediaSchema, printable, single_line
from app.http.problems import ProblemSchema
from app.http.schemas.filters import FILTER, readable_field, readable_filter
from app.http.schemas.jobs import MAX_LIMIT, JobSchema
from app.http.schemas.products import StoredProductSchema
from app.http.schemas.strict import Flag, Number
from app.types import Modality

MAX_PARTS = 16
MAX_TEXT = 10_000
MAX_FACETS = 16
SHORT_FORM = ("text", "image", "speech", "product")


def _asks(text: str) -> None:
    if not text.strip():
        raise ValidationError("must not be empty")


def _text() -> fields.String:
    return fields.String(validate=[_asks, validate.Length(max=MAX_TEXT), printable])


def _sku() -> fields.String:
    return fields.String(validate=[validate.Length(1, 200), single_line])


class QueryMediaSchema(MediaSchema):
    """A picture or recording to search with: its bytes, a file of the request, an address, or those of a product."""

    product = fields.String(
        validate=[validate.Length(1, 200), single_line],
        metadata={"description": "A SKU: search with that product's pictures, or its recordings."},
    )

    @validates_schema
    def check_one_source(self, data: dict[str, Any], **_: object) -> None:
        """Exactly one source."""
        if len(data) != 1:
            raise ValidationError("must have exactly one of base64, upload, url or product")


class QueryPartSchema(Schema):
    """One thing that is searched for, and how much it counts; a weight below zero means: unlike this."""

    text = _text()
    image = fields.Nested(QueryMediaSchema)
    speech = fields.Nested(QueryMediaSchema)
    product = _sku()
    weight = Number(load_default=1.0, allow_nan=False, validate=validate.Range(-100, 100))

    @validates_schema
    def check_one_content(self, data: dict[str, Any], **_: object) -> None:
        """Exactly one content."""
        if sum(name in data for name in SHORT_FORM) != 1:
            raise ValidationError(f"must have exactly one of {', '.join(SHORT_FORM)}")


class SearchSchema(Schema):
    """A search: `text`, `image`, `speech` and `product` in any mix, or `query`, a list of them with weights."""

    text = _text()
    image = fields.Nested(QueryMediaSchema)
    speech = fields.Nested(QueryMediaSchema)
    product = _sku()
    query = fields.List(fields.Nested(QueryPartSchema), validate=validate.Length(1, MAX_PARTS))
    limit = fields.Integer(strict=True, load_default=20, validate=validate.Range(1, MAX_LIMIT))
    against = fields.List(
        fields.Enum(Modality, by_value=True),
        load_default=list(Modality),
        validate=validate.Length(1, 16),
        metadata={"description": "Which modalities of the products to compare with."},
    )
    rerank = Flag(load_default=True, metadata={"description": "Whether to re-rank the best by attention."})
    explain = Flag(load_default=False, metadata={"description": "Whether hits bring their attention."})
    filter = fields.String(
        load_default=None,
        allow_none=True,
        validate=[printable, readable_filter],
        metadata={
            "format": "filter",
            "description": FILTER,
            "example": "price < 50 AND colour IN ('red', 'blue') AND NOT brand = 'X'",
        },
    )
    min_relevance = Number(
        load_default=0.0,
        allow_nan=False,
        validate=validate.Range(0, 1),
        metadata={"description": "Hits that are less likely relevant are left out."},
    )
    facets = fields.List(
        fields.String(validate=[validate.Length(1, 200), printable, readable_field]),
        load_default=(),
        allow_none=True,
        validate=validate.Length(max=MAX_FACETS),
        metadata={"description": "Fields whose values are counted among all products that match the filter."},
    )

    @validates_schema
    def check_forms(self, data: dict[str, Any], **_: object) -> None:
        """One of the two forms."""
        wrong: dict[str, list[str]] = {}
        if "query" in data:
            wrong = {name: ["must not stand beside query"] for name in SHORT_FORM if name in data}
        elif not any(name in data for name in SHORT_FORM):
            wrong = {"query": [f"The search asks for nothing: it needs {', '.join(SHORT_FORM)}, or query."]}
        if wrong:
            raise ValidationError(wrong)


class SearchFormSchema(Schema):
    """A search as a multipart form; `image` and `speech` are files."""

    text = fields.String()
    image = fields.Raw(metadata={"type": "string", "format": "binary"})
    speech = fields.Raw(metadata={"type": "string", "format": "binary"})
    product = fields.String()
    query = fields.String(
        metadata={
            "contentMediaType": "application/json",
            "format": "query-parts",
            "description": "The long form's list, as JSON.",
        }
    )
    limit = fields.Integer()
    against = fields.String(metadata={"description": "Modalities with commas between: text,image"})
    rerank = fields.Boolean()
    explain = fields.Boolean()
    filter = fields.String()
    min_relevance = fields.Float()
    facets = fields.String(metadata={"description": "Fields with commas between: colour,brand"})


class ContributionSchema(Schema):
    """How much of a hit's cosine one part of the query brought through one modality of the product.

    Text, picture and recording may be ranked by one vector that the alignment makes of them, where that finds more.
    What they brought together stands under all their names: `text+image`, or `query/0+query/2` of the long form.
    """

    query = fields.String(required=True, metadata={"description": "The query's part: text, image, query/2, text+image"})
    modality = fields.String(
        required=True,
        metadata={"description": "Of the query's part; text+image of parts that are ranked by one vector."},
    )
    against = fields.String(required=True, metadata={"description": "Of the product."})
    similarity = fields.Float(required=True)
    weight = fields.Float(required=True)
    contribution = fields.Float(required=True, metadata={"description": "Similarity times weight."})


class SeenSchema(Schema):
    """Something of a product that a token of the query attended to."""

    against = fields.String(required=True, metadata={"description": "The product's modality."})
    ordinal = fields.Integer(required=True, metadata={"description": "Which text, picture or recording, from 0."})
    label = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "A word, a cell of the picture, seconds of the recording; null for all of it."},
    )
    weight = fields.Float(required=True, metadata={"description": "Its share of the token's attention, 0 to 1."})


class SeenPictureSchema(Schema):
    """How a token's attention fell on one picture."""

    ordinal = fields.Integer(required=True, metadata={"description": "Which picture, from 0."})
    digest = fields.String(required=True, metadata={"description": "SHA-256 of the picture that was looked at."})
    weights = fields.List(
        fields.Float(), required=True, metadata={"description": "Of each cell of a square grid, row by row."}
    )


class AttentionSchema(Schema):
    """What one token of the query, a word, a cell or some seconds, attended to in the product."""

    query = fields.String(required=True, metadata={"description": "The query's part."})
    modality = fields.String(required=True)
    label = fields.String(required=True, allow_none=True, metadata={"description": "The word; null for all of it."})
    weight = fields.Float(required=True, metadata={"description": "How much it counts in the re-rank; signed."})
    similarity = fields.Float(required=True, metadata={"description": "To what it attended to: -1 to 1."})
    sees = fields.List(fields.Nested(SeenSchema), required=True, metadata={"description": "The most attended to."})
    pictures = fields.List(fields.Nested(SeenPictureSchema), required=True)


class HitSchema(Schema):
    """One product that was found."""

    rank = fields.Integer(required=True, metadata={"description": "From 1."})
    sku = fields.String(required=True)
    score = fields.Float(required=True)
    cosine = fields.Float(required=True, metadata={"description": "The sum of the contributions."})
    words = fields.Float(
        required=True,
        metadata={"description": "How much of the query's words the product has, rare words counting more: -1 to 1."},
    )
    relevance = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "How likely it is relevant, 0 to 1, as judged queries taught; null if none did."},
    )
    exact = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "`sku` or `brand` where the query is its whole name: these products come first."},
    )
    contributions = fields.List(fields.Nested(ContributionSchema), required=True)
    product = fields.Nested(
        StoredProductSchema, required=True, allow_none=True, metadata={"description": "Null if it was deleted since."}
    )
    attention = fields.List(
        fields.Nested(AttentionSchema),
        required=True,
        allow_none=True,
        metadata={"description": "With `explain`, of the hits that were re-ranked; else null."},
    )


class HitPageSchema(Schema):
    """Some hits of a finished search: always the same ones."""

    hits = fields.List(fields.Nested(HitSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class HeatQuerySchema(Schema):
    """Whose attention the heat map shows."""

    ordinal = fields.Integer(load_default=0, validate=validate.Range(0, 100), metadata={"description": "The picture."})
    query = fields.String(load_default=None, metadata={"description": "Only of this part of the query."})
    label = fields.String(load_default=None, metadata={"description": "Only of the tokens with this label: a word."})


class FacetValueSchema(Schema):
    """A value of a facet, and how many of the products that match have it."""

    value = fields.Raw(required=True, metadata={"description": "A text, a number, or true or false."})
    count = fields.Integer(required=True)


class SearchResultSchema(HitPageSchema):
    """What a search found."""

    total = fields.Integer(
        required=True, metadata={"description": "All products that match the filter and can be found."}
    )
    facets = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Nested(FacetValueSchema)),
        required=True,
        metadata={"description": "For each facet its 100 most frequent values."},
    )
    notes = fields.List(
        fields.String(), required=True, metadata={"description": "What may explain why little was found."}
    )
    scan = fields.String(
        required=True,
        metadata={"description": "How candidates were found: `exact` or, by an index, `approximate`."},
    )
    space = fields.Integer(required=True, metadata={"description": "The embedding space that answered."})
    transcript = fields.String(required=True, allow_none=True)
    replica = fields.Boolean(metadata={"description": "Whether a standby of the database answered."})
    took_ms = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)


class FinishedSearchSchema(JobSchema):
    """A search that ended while the client waited."""

    result = fields.Nested(SearchResultSchema)  # type: ignore[assignment]  # narrower than any job's result
    error = fields.Nested(ProblemSchema)
