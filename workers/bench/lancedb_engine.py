"""LanceDB: an embedded vector database on columnar files."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import lancedb
import pyarrow as pa
from lancedb.index import BTree, HnswSq

from app.db.vector_indexes import EF_CONSTRUCTION, M
from workers.bench.engine import EF, Engine, Search
from workers.bench.sample import SHARES, Sample, Vectors, fields_of

REFINED = 4  # times as many candidates as hits are compared by their whole vectors; the graph has them in 8 bits


class LanceDbEngine(Engine):
    """A table with a graph over one partition, and an index for each field."""

    name: ClassVar[str] = "LanceDB"

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(self.opened.enter_context(TemporaryDirectory()))

    def load(self, sample: Sample) -> None:
        """Stores a row for each vector."""
        count, dim = sample.stored.shape
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(sample.stored.ravel()), dim)
        fields = [fields_of(place) for place in range(count)]
        columns = {name: pa.array([own[name] for own in fields], pa.int32()) for name in SHARES}
        rows = pa.table({"place": pa.array(range(count)), "vector": vectors, **columns})
        self._table = lancedb.connect(self._folder).create_table("vectors", rows)

    def index(self) -> None:
        """Makes the graph and the fields' indexes."""
        graph = HnswSq(distance_type="cosine", num_partitions=1, m=M, ef_construction=EF_CONSTRUCTION)
        self._table.create_index("vector", config=graph)
        for name in SHARES:
            self._table.create_index(name, config=BTree())

    def size(self) -> int:
        """Bytes of all that it wrote, the vectors included."""
        return sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())

    def searcher(self) -> Search:
        """A search within the rows that match."""

        def search(query: Vectors, field: str | None, count: int) -> Sequence[int]:
            asked = self._table.search(query).distance_type("cosine").ef(EF).refine_factor(REFINED).limit(count)
            asked = asked if field is None else asked.where(f"{field} = 0", prefilter=True)
            found: list[int] = asked.select(["place", "_distance"]).to_arrow()["place"].to_pylist()
            return found

        return search
