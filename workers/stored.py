"""What the database keeps of one content of a product: its vector and its tokens."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Row

from app.types import Modality
from workers.alignment.artifact import Alignment
from workers.alignment.tokens import Tokens
from workers.vectors import read_halfvec


@dataclass(frozen=True, kw_only=True)
class StoredContent:
    """One text, picture or recording of a product."""

    product_id: int
    modality: Modality
    ordinal: int
    digest: str  # SHA-256
    vector: np.ndarray  # (dim,) float32, unit length
    tokens: Tokens


def read_content(row: Row[Any], alignment: Alignment) -> StoredContent:
    """A row of `app.db.embeddings.tokens`."""
    dim = alignment.token_dim
    tokens = Tokens.none(dim)
    if row.tokens is not None:
        tokens = Tokens(tuple(row.labels), read_halfvec(row.tokens).reshape(-1, dim))
    return StoredContent(
        product_id=row.product_id,
        modality=Modality(row.modality),
        ordinal=row.ordinal,
        digest=row.digest,
        vector=read_halfvec(row.vector),
        tokens=tokens,
    )
