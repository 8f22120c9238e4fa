"""An example for each schema that stands alone in a request or an answer."""

from typing import Any

from marshmallow import Schema

from app.http.examples import catalogues, jobs, keys, products, searches, spaces, webhooks

GROUPS = (catalogues, products, searches, jobs, keys, spaces, webhooks)
_BY_SCHEMA: dict[type[Schema], Any] = {
    schema: example for group in GROUPS for schema, example in group.EXAMPLES.items()
}


def example_of(schema: type[Schema]) -> Any:  # noqa: ANN401  any JSON
    """The schema's example.

    Raises:
        KeyError: it has none.
    """
    return _BY_SCHEMA[schema]
