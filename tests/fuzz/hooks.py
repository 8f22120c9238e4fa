"""What Schemathesis has to know beside the document."""

import json
import os
import uuid

import schemathesis
from hypothesis import strategies as some

from app.http.examples.searches import PIXEL
from app.http.imports import FORMATS
from app.http.openapi.headers import ASKED

PREFIX = os.environ["TRISEEK_FUZZ_KEY"][:10]
USUAL_KEY = ASKED["Idempotency-Key"]["example"]
FILTERS = ["price < 50", "colour IN ('red', 'blue') AND NOT brand = 'X'", "size.eu BETWEEN 36 AND 41.5", ""]
PARTS = [{"text": "red"}, {"text": "red", "weight": -0.5}, {"product": "shoe-1"}]

BINARY = ("application/zip", "application/gzip", "application/vnd.apache.parquet")

for content_type in BINARY:
    schemathesis.openapi.media_type(content_type, some.binary(max_size=200))


@schemathesis.serializer(*(each for each in FORMATS if each not in BINARY))
def serialize(_context: schemathesis.SerializationContext, value: object) -> bytes:
    """A catalogue file is sent as it is."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


# One picture of one pixel; addresses that can be asked; what a filter's grammar takes.
schemathesis.openapi.format("byte", some.just(PIXEL))
schemathesis.openapi.format("uri", some.sampled_from(["https://a.example/a.png", "http://b.example:8080/ü.wav"]))
schemathesis.openapi.format("filter", some.sampled_from(FILTERS))
schemathesis.openapi.format("query-parts", some.lists(some.sampled_from(PARTS), min_size=1).map(json.dumps))


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case, _kwargs: dict[str, object]) -> None:
    """Changes what would only keep other cases from their own answers."""
    # The key that asks stays: whoever revokes it would be refused from then on.
    prefix = case.path_parameters.get("prefix")
    if isinstance(prefix, str) and prefix.startswith(PREFIX):
        case.path_parameters["prefix"] = "ts_unknown"
    # There is no worker to wait for.
    wait = case.query.get("wait")
    if isinstance(wait, int | float) and 0 < wait <= 3600:
        case.query["wait"] = 0.01
    if "wait" in str(case.headers.get("Prefer", "")):
        case.headers["Prefer"] = "wait=0"
    # The example's key once more would stand for its first request.
    if case.headers.get("Idempotency-Key") == USUAL_KEY:
        case.headers["Idempotency-Key"] = uuid.uuid4().hex
