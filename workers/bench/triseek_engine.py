"""Triseek's own ranking: PostgreSQL with pgvector, by the statement that a search runs."""

import decimal
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from pgvector import HalfVector
from pgvector.psycopg import register_vector
from psycopg import Connection
from sqlalchemy import text

from app.conditions import Comparison, Field, Operator
from app.db import catalogues, ranking, spaces, tenants, vector_indexes
from app.db.engine import make_engine, make_sessions
from app.db.filtering import EVERYTHING, sql_of
from app.db.migrate import upgrade
from app.db.ranking_statement import RankingPart, RankingStatement
from app.keys.service import TENANT
from app.local.servers import Servers
from app.types import Modality, SpaceKey
from workers.bench.engine import Engine, Search
from workers.bench.sample import SHARES, Sample, Vectors, fields_of

PRODUCTS = "COPY products (id, catalogue_id, sku, attributes) FROM STDIN"
EMBEDDINGS = (
    "COPY embeddings (space_id, product_id, modality, ordinal, catalogue_id, product_version, digest, embedding)"
    " FROM STDIN WITH (FORMAT BINARY)"
)
TYPES = ("int4", "int8", "text", "int2", "int8", "int4", "text", "halfvec")
ZERO = decimal.Decimal(0)
FILTERS = {field: sql_of(Comparison(Field((field,)), Operator.EQUAL, ZERO)) for field in SHARES}


class TriseekEngine(Engine):
    """One catalogue of products with one text vector each."""

    name: ClassVar[str] = "triseek"

    def __init__(self) -> None:
        super().__init__()
        folder = self.opened.enter_context(TemporaryDirectory())
        servers = self.opened.enter_context(Servers(Path(folder)))
        upgrade(servers.database_url)
        engine = make_engine(servers.database_url, pool_size=16)
        self.opened.callback(engine.dispose)
        self._sessions = make_sessions(engine)

    def load(self, sample: Sample) -> None:
        """Stores a product and a vector for each."""
        with self._sessions.begin() as session:
            key = SpaceKey(encoders={}, alignment="bench", dim=sample.stored.shape[1])
            self._space = spaces.find_or_create(session, key)
            self._catalogue = catalogues.find_or_create(session, tenants.find_or_create(session, TENANT), "bench")
            connection = session.connection().connection.driver_connection
            assert isinstance(connection, Connection)
            register_vector(connection)
            with connection.cursor() as cursor, cursor.copy(PRODUCTS) as copy:
                for place in range(len(sample.stored)):
                    copy.write_row((place, self._catalogue, str(place), json.dumps(fields_of(place))))
            with connection.cursor() as cursor, cursor.copy(EMBEDDINGS) as copy:
                copy.set_types(TYPES)
                for place, vector in enumerate(sample.stored):
                    row = (self._space.id, place, Modality.TEXT.value, 0, self._catalogue, 0, "", HalfVector(vector))
                    copy.write_row(row)

    def index(self) -> None:
        """Makes the index, and lets the planner know the tables."""
        with self._sessions.begin() as session:
            session.execute(text("SET LOCAL maintenance_work_mem = '3GB'"))
            vector_indexes.create(session, self._space)
            session.execute(text("ANALYZE products, embeddings"))

    def size(self) -> int:
        """Bytes of the vectors' index."""
        with self._sessions() as session:
            return vector_indexes.size(session, self._space)

    def searcher(self) -> Search:
        """A search in a transaction of its own, as it is one statement of a search among others."""
        session = self._sessions()
        self.opened.callback(session.close)

        def search(query: Vectors, field: str | None, count: int) -> Sequence[int]:
            part = RankingPart(vectors=[query.tolist()], weight=1.0, shares={Modality.TEXT: 1.0})
            where = EVERYTHING if field is None else FILTERS[field]
            statement = RankingStatement(
                space=self._space, catalogue_id=self._catalogue, parts=[part], where=where, candidates=count
            )
            return [each.product_id for each in ranking.rank(session, statement).products]

        return search
