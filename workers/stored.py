"""What the database keeps of one content of a product: its vector and its tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Row

from app.types import Modality
from workers.alignment.artifact import Alignment
from workers.alignment.tokens import Tokens
from workers.vectors import read_halfvecs


@dataclass(frozen=True, kw_only=True)
class StoredContent:
    """One text, picture or recording of a product."""

    product_id: int
    modality: Modality
    ordinal: int
    digest: str  # SHA-256
    vector: np.ndarray  # (dim,) float32, unit length
    tokens: Tokens


def read_contents(rows: Sequence[Row[Any]], alignment: Alignment) -> list[StoredContent]:
    """Rows of `app.db.embeddings.tokens`, their numbers read all at once."""
    if not rows:
        return []
    dim = alignment.token_dim
    vectors = read_halfvecs([row.vector for row in rows])
    tokens = read_halfvecs([row.tokens for row in rows if row.tokens is not None])
    own = iter(tokens)
    return [
        StoredContent(
            product_id=row.product_id,
            modality=Modality(row.modality),
            ordinal=row.ordinal,
            digest=row.digest,
            vector=vector,
            tokens=Tokens.none(dim) if row.tokens is None else Tokens(tuple(row.labels), next(own).reshape(-1, dim)),
        )
        for row, vector in zip(rows, vectors, strict=True)
    ]
