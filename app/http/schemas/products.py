"""What products look like in answers and forms."""

from marshmallow import Schema, fields, validate

from app.catalog.schema import MAX_MEDIA, MediaSchema, ProductContentSchema, ProductSchema, printable, single_line
from app.http.problems import ProblemSchema
from app.http.schemas.filters import FILTER, readable_filter
from app.http.schemas.jobs import JobSchema, PageQuerySchema
from app.types import EmbeddingState, Modality


class ProductPatchSchema(ProductContentSchema):
    """A merge patch (RFC 7396) of a product: null removes a field, a list replaces the one before."""

    attributes = fields.Dict(keys=fields.String(), allow_none=True)
    images = fields.List(fields.Nested(MediaSchema), allow_none=True, validate=validate.Length(max=MAX_MEDIA))
    speech = fields.List(fields.Nested(MediaSchema), allow_none=True, validate=validate.Length(max=MAX_MEDIA))


class ProductReplacementSchema(ProductSchema):
    """A product whose SKU stands in the path."""

    sku = fields.String(validate=[validate.Length(1, 200), single_line])


class ProductFormSchema(Schema):
    """A product with its files in one multipart request."""

    product = fields.Nested(
        ProductReplacementSchema, required=True, metadata={"description": "The product as JSON, as in a JSON request."}
    )
    image = fields.List(fields.Raw(metadata={"type": "string", "format": "binary"}))
    speech = fields.List(fields.Raw(metadata={"type": "string", "format": "binary"}))


class ProductPatchFormSchema(ProductFormSchema):
    """A merge patch with its files in one multipart request."""

    product = fields.Nested(ProductPatchSchema, required=True, metadata={"description": "The patch as JSON."})


class StoredMediaSchema(Schema):
    """A picture or recording of a product; until it is fetched, no more is known of it than its source."""

    digest = fields.String(
        required=True, allow_none=True, metadata={"description": "SHA-256 of its bytes, hex; null until fetched."}
    )
    content_type = fields.String(required=True, allow_none=True)
    bytes = fields.Integer(required=True, allow_none=True)
    url = fields.String(
        required=True, allow_none=True, metadata={"description": "Where it can be read, with the same key."}
    )
    source = fields.String(
        required=True, allow_none=True, metadata={"description": "Where it is fetched, if it was given by its address."}
    )


class EmbeddingSchema(Schema):
    """Whether a product can be found."""

    state = fields.String(required=True, validate=validate.OneOf(list(EmbeddingState)))
    modalities = fields.List(fields.String(validate=validate.OneOf(list(Modality))), required=True)
    error = fields.Nested(ProblemSchema, metadata={"description": "Why it failed."})


class StoredProductSchema(Schema):
    """A product as it is kept."""

    sku = fields.String(required=True)
    title = fields.String(required=True, allow_none=True)
    description = fields.String(required=True, allow_none=True)
    attributes = fields.Dict(required=True)
    price = fields.Float(required=True, allow_none=True)
    currency = fields.String(required=True, allow_none=True)
    images = fields.List(fields.Nested(StoredMediaSchema), required=True)
    speech = fields.List(fields.Nested(StoredMediaSchema), required=True)
    embedding = fields.Nested(EmbeddingSchema, required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class ProductAcceptedSchema(Schema):
    """A product that was taken, and the job that makes it findable."""

    product = fields.Nested(StoredProductSchema, required=True)
    job = fields.Nested(JobSchema, required=True)


class ProductsQuerySchema(PageQuerySchema):
    """Which products of a catalogue."""

    state = fields.Enum(
        EmbeddingState,
        by_value=True,
        load_default=None,
        metadata={"description": "Only those that wait to be embedded, can be found, or could not be embedded."},
    )
    filter = fields.String(
        load_default="",
        validate=[printable, readable_filter],
        metadata={"description": FILTER, "format": "filter", "example": "price < 50"},
    )


class ProductPageSchema(Schema):
    """Some products of a catalogue."""

    products = fields.List(fields.Nested(StoredProductSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True, metadata={"description": "Null on the last page."})
