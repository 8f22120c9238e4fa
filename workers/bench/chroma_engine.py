"""Chroma: an embedded vector database on SQLite and hnswlib's graph."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import chromadb
from chromadb.config import Settings

from app.db.vector_indexes import EF_CONSTRUCTION, M
from workers.bench.engine import EF, Engine, Search
from workers.bench.sample import Sample, Vectors, fields_of

AT_ONCE = 5_000  # vectors added in one call


class ChromaEngine(Engine):
    """A collection on disk."""

    name: ClassVar[str] = "Chroma"

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(self.opened.enter_context(TemporaryDirectory()))
        client = chromadb.PersistentClient(str(self._folder), Settings(anonymized_telemetry=False))
        graph = {"space": "cosine", "max_neighbors": M, "ef_construction": EF_CONSTRUCTION, "ef_search": EF}
        self._collection = client.create_collection("vectors", configuration={"hnsw": graph}, embedding_function=None)

    def load(self, sample: Sample) -> None:
        """Stores and indexes the vectors, which Chroma does in one."""
        for start in range(0, len(sample.stored), AT_ONCE):
            places = range(start, min(start + AT_ONCE, len(sample.stored)))
            self._collection.add(
                ids=[str(place) for place in places],
                embeddings=sample.stored[start : start + AT_ONCE],
                metadatas=[fields_of(place) for place in places],
            )

    def index(self) -> None:
        """Nothing is left to do."""

    def size(self) -> int:
        """Bytes of all that it wrote, the vectors included."""
        return sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())

    def searcher(self) -> Search:
        """A search within what matches."""

        def search(query: Vectors, field: str | None, count: int) -> Sequence[int]:
            found = self._collection.query(
                query_embeddings=[query],
                n_results=count,
                where=None if field is None else {field: 0},
                include=[],
            )
            return [int(place) for place in found["ids"][0]]

        return search
