"""What indexes are measured with: vectors in clusters, as embeddings of products lie, and fields that keep a share."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]  # (n, dim) unit length
PER_CLUSTER = 100
SPREAD = 0.8  # of a cluster beside the distances between their centres
SHARES = {"half": 2, "tenth": 10, "hundredth": 100, "thousandth": 1000}  # field -> it is 0 in one of so many products


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Stored vectors and queries from the same clusters."""

    stored: Vectors
    queries: Vectors

    def matching(self, field: str | None) -> NDArray[np.int64]:
        """The places of the vectors whose field is 0; of all if none is named."""
        return np.arange(0, len(self.stored), 1 if field is None else SHARES[field])

    def nearest(self, field: str | None, count: int) -> NDArray[np.int64]:
        """(queries, count) the places of the nearest that match, by exact comparison; fewer if fewer match."""
        places = self.matching(field)
        found = []
        for query in self.queries:
            similarities = self.stored[places] @ query
            found.append(places[np.argsort(-similarities)[:count]])
        return np.stack(found)


def clustered(count: int, dim: int, queries: int, seed: int) -> Sample:
    """Draws vectors around random centres, about a hundred each."""
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((max(1, count // PER_CLUSTER), dim), dtype=np.float32)

    def drawn(number: int) -> Vectors:
        around = centres[chance.integers(0, len(centres), number)]
        vectors = around + SPREAD * chance.standard_normal((number, dim), dtype=np.float32)
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    return Sample(stored=drawn(count), queries=drawn(queries))


def fields_of(place: int) -> dict[str, int]:
    """The fields of the product at a place."""
    return {field: place % every for field, every in SHARES.items()}
