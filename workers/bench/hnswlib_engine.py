"""hnswlib: the same kind of graph, in this process's memory, without storage, transactions or a query language."""

from collections.abc import Sequence
from typing import ClassVar

import hnswlib

from app.db.vector_indexes import EF_CONSTRUCTION, M
from workers.bench.engine import EF, Engine, Search
from workers.bench.sample import SHARES, Sample, Vectors


class HnswlibEngine(Engine):
    """A graph over the vectors; filters are functions that it calls for every node."""

    name: ClassVar[str] = "hnswlib"

    def load(self, sample: Sample) -> None:
        """Keeps the vectors for the index."""
        self._sample = sample
        self._index = hnswlib.Index("cosine", sample.stored.shape[1])

    def index(self) -> None:
        """Makes the graph."""
        self._index.init_index(len(self._sample.stored), M=M, ef_construction=EF_CONSTRUCTION)
        self._index.add_items(self._sample.stored)
        self._index.set_num_threads(1)

    def size(self) -> int:
        """Bytes of the graph with its vectors."""
        return int(self._index.index_file_size())

    def searcher(self) -> Search:
        """A search by one thread."""

        def search(query: Vectors, field: str | None, count: int) -> Sequence[int]:
            every = 1 if field is None else SHARES[field]
            # What matches must be in view, too, or fewer come back.
            self._index.set_ef(max(EF * min(every, 10), count))
            matches = None if field is None else lambda place: place % every == 0
            try:
                places, _ = self._index.knn_query(query, k=count, filter=matches)
            except RuntimeError:  # fewer that match were in view than were asked for: it gives none of them
                return []
            return [int(place) for place in places[0]]

        return search
