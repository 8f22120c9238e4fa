"""What embedding spaces look like, and how they are asked for."""

from marshmallow import Schema, fields, validate

from app.http.schemas.searches import SearchSchema
from app.http.schemas.strict import Flag
from app.types import Modality, SpaceState

ALIGNMENT = validate.Regexp(r"^([0-9a-f]{64}|default)\Z", error="is no SHA-256 in hex, and not default")


class AlignmentSchema(Schema):
    """A packed alignment that was uploaded."""

    alignment = fields.String(required=True, metadata={"description": "SHA-256 of the file: what a reindex names."})
    bytes = fields.Integer(required=True)


class ReindexRequestSchema(Schema):
    """What a reindex is to build."""

    alignment = fields.String(
        load_default=None,
        allow_none=True,
        validate=ALIGNMENT,
        metadata={
            "pattern": "^([0-9a-f]{64}|default)$",  # as ECMAScript says it, which has no \Z
            "description": "As POST /v1/alignments answered; `default`: what the workers' settings name;"
            " that of the space that answers unless told.",
        },
    )
    encoders = fields.String(
        load_default="",
        validate=validate.Length(0, 1000),
        metadata={"description": "Where encoders are that have no name: text=/models/bert,image=org/name"},
    )
    dim = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(1, 4000))
    catalogue = fields.String(
        load_default=None, allow_none=True, metadata={"description": "A space for this catalogue alone."}
    )
    modality = fields.Enum(  # a schema has an `only` of its own
        Modality,
        by_value=True,
        data_key="only",
        load_default=None,
        allow_none=True,
        metadata={"description": "Embed anew, where it is, what products have of one modality."},
    )
    dry_run = Flag(load_default=False, metadata={"description": "Only say what it takes."})


class JudgedSearchSchema(Schema):
    """A search, and the products that it should find."""

    search = fields.Nested(SearchSchema, required=True)
    relevant = fields.List(
        fields.String(validate=validate.Length(1, 200)), required=True, validate=validate.Length(1, 10_000)
    )
    kind = fields.String(
        load_default="judged",
        validate=validate.Length(1, 100),
        metadata={"description": "Kinds of searches are told apart in the comparison."},
    )


class VerifyRequestSchema(Schema):
    """What a space is compared by."""

    catalogue = fields.String(
        load_default=None, allow_none=True, metadata={"description": "That the judged searches are in."}
    )
    queries = fields.List(
        fields.Nested(JudgedSearchSchema),
        load_default=[],
        validate=validate.Length(max=5_000),
        metadata={"description": "Judged searches; without any, products are asked for by their own contents."},
    )


class SpaceSchema(Schema):
    """What makes embeddings comparable."""

    id = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(SpaceState)))
    catalogue = fields.String(required=True, allow_none=True, metadata={"description": "Null: of all catalogues."})
    encoders = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    alignment = fields.String(required=True, metadata={"description": "SHA-256 of the alignment's weights."})
    dim = fields.Integer(required=True)
    metric = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    activated_at = fields.DateTime(required=True, allow_none=True)


class SpacesSchema(Schema):
    """All spaces, oldest first."""

    spaces = fields.List(fields.Nested(SpaceSchema), required=True)


class RollbackQuerySchema(Schema):
    """Of which catalogue."""

    catalogue = fields.String(load_default=None, metadata={"description": "Of all unless told."})
