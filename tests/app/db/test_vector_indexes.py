"""Indexes of spaces are built and removed while others are."""

import threading

from sqlalchemy import text

from app.db import spaces, vector_indexes
from app.db.space_tables import EmbeddingSpace
from app.types import Modality, SpaceKey
from tests.conftest import Services

ROUNDS = 3


def _space(services: Services, alignment: str) -> EmbeddingSpace:
    key = SpaceKey(encoders={modality: f"{modality}@1" for modality in Modality}, alignment=alignment, dim=4)
    with services.sessions.begin() as session:
        return spaces.find_or_create(session, key)


def _names(services: Services, space: EmbeddingSpace) -> set[str]:
    statement = text(
        "SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indisvalid AND relname LIKE :like"
    )
    with services.sessions() as session:
        return set(session.scalars(statement, {"like": f"embeddings_p%_s{space.id}_%"}))


def test_one_space_is_indexed_while_another_ones_indexes_go(services: Services) -> None:
    engine = services.sessions.kw["bind"]
    going, coming = _space(services, "a"), _space(services, "b")
    for _ in range(ROUNDS):
        with services.sessions.begin() as session:
            vector_indexes.create(session, going)
        remover = threading.Thread(target=vector_indexes.drop, args=(engine, going))
        remover.start()
        built = list(vector_indexes.build(engine, coming, memory_mb=16, processes=1))
        remover.join()
        wanted = {index.name for index in vector_indexes.indexes_of(coming)}
        assert {index.name for index in built} == wanted
        assert _names(services, coming) == wanted
        assert not _names(services, going)
        vector_indexes.drop(engine, coming)
