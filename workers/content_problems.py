"""Why products cannot be found by all of their contents."""

from collections.abc import Collection

from app.errors import FieldError, MediaUnreadable, TriseekError
from app.types import Modality
from workers.space_embedding import SpaceEmbedding

FIELDS = {Modality.TEXT: "title", Modality.IMAGE: "images", Modality.SPEECH: "speech"}


def problems_of(embedding: SpaceEmbedding, space_ids: Collection[int]) -> dict[int, dict[str, object]]:
    """By product, the problem of what could not be embedded into some of these spaces."""
    wrong: dict[int, dict[str, FieldError]] = {}
    for space_id in space_ids:
        for place, outcome in sorted(embedding.outcomes[space_id].items()):
            if isinstance(outcome, TriseekError):
                content = embedding.contents[place]
                pointer = f"/{FIELDS[content.modality]}/{content.ordinal}"
                wrong.setdefault(content.product_id, {})[pointer] = FieldError(pointer, outcome.detail)
    return {product_id: _problem(list(fields.values())) for product_id, fields in wrong.items()}


def _problem(wrong: list[FieldError]) -> dict[str, object]:
    return MediaUnreadable(wrong[0].detail, wrong).problem()
