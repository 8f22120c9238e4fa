"""What jobs look like, and how they are asked for."""

from marshmallow import Schema, fields, validate
from webargs.fields import DelimitedList

from app.http.problems import ProblemSchema
from app.types import JobKind, JobState

MAX_LIMIT = 200


class PageQuerySchema(Schema):
    """Which page."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, MAX_LIMIT))
    cursor = fields.String(
        load_default=None,
        validate=validate.Length(1, 200),
        metadata={"description": "The `next_cursor` of the page before."},
    )


class JobsQuerySchema(PageQuerySchema):
    """Which jobs; several states or kinds with commas between."""

    state = DelimitedList(
        fields.String(validate=validate.OneOf(list(JobState))), load_default=list, validate=validate.Length(min=1)
    )
    kind = DelimitedList(
        fields.String(validate=validate.OneOf(list(JobKind))), load_default=list, validate=validate.Length(min=1)
    )


class WaitQuerySchema(Schema):
    """How long to wait for the job's end."""

    wait = fields.Float(
        load_default=0.0,
        validate=validate.Range(0, 3600),
        metadata={"description": "Seconds; more than 60 count as 60."},
    )


class ProgressSchema(Schema):
    """How far a job has come."""

    done = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    total = fields.Integer(required=True, allow_none=True, metadata={"description": "Null while it is not known."})
    encoded = fields.Integer(
        required=True, metadata={"description": "Contents that went through an encoder; what was known before did not."}
    )


class JobSchema(Schema):
    """One execution that can be polled."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(JobKind)))
    state = fields.String(required=True, validate=validate.OneOf(list(JobState)))
    progress = fields.Nested(ProgressSchema, required=True)
    created_at = fields.DateTime(required=True)
    started_at = fields.DateTime(required=True, allow_none=True)
    finished_at = fields.DateTime(required=True, allow_none=True)
    request_id = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The `X-Request-Id` of the request that asked for it; logs tell of it by this id."},
    )
    dry_run = fields.Boolean(metadata={"description": "Of an import or a reindex: whether it only looks."})
    phase = fields.String(metadata={"description": "Of a reindex: backfill, indexes or done."})
    problem = fields.String(metadata={"description": "Of a reindex: what holds it up; it goes on by itself."})
    building = fields.String(metadata={"description": "Of a reindex: the index that is being built."})
    result = fields.Dict(metadata={"description": "What came of it: a search's hits, an import's counts."})
    error = fields.Nested(ProblemSchema, metadata={"description": "Why it failed."})


class JobAcceptedSchema(Schema):
    """A job that was queued."""

    job = fields.Nested(JobSchema, required=True)


class JobPageSchema(Schema):
    """Some jobs, newest first, without their results."""

    jobs = fields.List(fields.Nested(JobSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class JobErrorSchema(Schema):
    """What was wrong with one row of an import, or with one product of a job."""

    line = fields.Integer(required=True, allow_none=True, metadata={"description": "The file's line, from 1."})
    sku = fields.String(required=True, allow_none=True)
    error = fields.Nested(ProblemSchema, required=True)


class JobErrorPageSchema(Schema):
    """Some of a job's errors, in the order they came."""

    errors = fields.List(fields.Nested(JobErrorSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
