"""Milvus Lite: Milvus' interface on a file, in this process."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from pymilvus import DataType, MilvusClient

from app.db.vector_indexes import EF_CONSTRUCTION, M
from workers.bench.engine import EF, Engine, Search
from workers.bench.sample import SHARES, Sample, Vectors, fields_of

AT_ONCE = 5_000  # vectors added in one call
ROWS = "vectors"


class MilvusEngine(Engine):
    """A collection in one file."""

    name: ClassVar[str] = "Milvus Lite"

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(self.opened.enter_context(TemporaryDirectory()))
        self._client = MilvusClient(str(self._folder / "milvus.db"))
        self.opened.callback(self._client.close)

    def load(self, sample: Sample) -> None:
        """Stores a row for each vector."""
        schema = self._client.create_schema(auto_id=False)
        schema.add_field("place", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=sample.stored.shape[1])
        for name in SHARES:
            schema.add_field(name, DataType.INT64)
        self._client.create_collection(ROWS, schema=schema)
        for start in range(0, len(sample.stored), AT_ONCE):
            rows = [
                {"place": place, "vector": sample.stored[place].tolist(), **fields_of(place)}
                for place in range(start, min(start + AT_ONCE, len(sample.stored)))
            ]
            self._client.insert(ROWS, rows)

    def index(self) -> None:
        """Makes the graph, and lets the collection be searched."""
        self._client.flush(ROWS)  # what waits in memory is compared one by one
        wanted = self._client.prepare_index_params()
        graph = {"M": M, "efConstruction": EF_CONSTRUCTION}
        wanted.add_index("vector", index_type="HNSW", metric_type="COSINE", params=graph)
        self._client.create_index(ROWS, wanted)
        self._client.load_collection(ROWS)

    def size(self) -> int:
        """Bytes of all that it wrote, the vectors included."""
        return sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())

    def searcher(self) -> Search:
        """A search within what matches."""

        def search(query: Vectors, field: str | None, count: int) -> Sequence[int]:
            found = self._client.search(
                ROWS,
                data=[query.tolist()],
                limit=count,
                filter="" if field is None else f"{field} == 0",
                search_params={"metric_type": "COSINE", "params": {"ef": EF}},
            )
            return [int(hit["place"]) for hit in found[0]]

        return search
