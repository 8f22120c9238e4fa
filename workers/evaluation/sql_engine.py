"""The same queries through the ranking statement of a search, in a database made for it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from pgvector import HalfVector
from sqlalchemy.orm import Session

from app.db import catalogues, embeddings, products, ranking, spaces, tenants, vector_indexes
from app.db.engine import make_engine, make_sessions
from app.db.migrate import upgrade
from app.db.ranking_statement import RankingPart, RankingStatement
from app.db.space_tables import EmbeddingSpace
from app.db.word_ranking import RankingWords
from app.keys.service import TENANT
from app.local.servers import Servers
from app.types import Modality, SpaceKey
from workers.alignment.artifact import Alignment
from workers.evaluation.judging import ALL, Batch, scores
from workers.evaluation.scoring import Floats, Index

LOOKED_AT = 10  # the best products, whose order must be the same
CANDIDATES = 200  # that a search keeps
TIE = 2e-3  # cosines that are no further apart are a tie: vectors are stored as half floats
AT_ONCE = 500  # products written in one statement


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far the statement's order is the one that is computed in memory."""

    queries: int
    same: int  # queries whose best products come in the same order, ties aside
    differing: tuple[str, ...]  # the ids of the others
    skipped: int  # queries that are made from a product's own content: only in memory is that one left out

    def __str__(self) -> str:
        """In words."""
        skipped = f"; {self.skipped} made from a product's own picture or words left out" if self.skipped else ""
        others = f", not for {', '.join(self.differing[:3])}" if self.differing else ""
        return (
            f"SQL and memory agree on the first {LOOKED_AT} products of {self.same} of {self.queries} queries,"
            f" ties aside{others}{skipped}."
        )


@contextmanager
def database() -> Iterator[Session]:
    """A session on an empty database that is gone afterwards."""
    with TemporaryDirectory() as folder, Servers(Path(folder)) as servers:
        upgrade(servers.database_url)
        engine = make_engine(servers.database_url)
        with make_sessions(engine)() as session:
            yield session
        engine.dispose()


def agreement(session: Session, batches: Iterator[Batch], alignment: Alignment) -> Agreement:
    """Ranks the queries of batches by the ranking statement and compares with memory.

    Args:
        session: on a database of its own.
        batches: of a judged set.
        alignment: whose vectors are compared.
    """
    space = _space(session, alignment)
    same, skipped = 0, 0
    differing: list[str] = []
    stored: tuple[Index | None, int, dict[int, int]] = (None, 0, {})
    for whole in batches:
        batch = replace(whole, index=_unheard(whole.index))
        if stored[0] is None or not _alike(stored[0], batch.index):
            catalogue = _catalogue(session, f"{batch.queries[0].id} {len(differing)} {same} {skipped}")
            stored = (batch.index, catalogue, _store(session, space, catalogue, batch.index))
        _, catalogue, places = stored
        in_memory = scores(batch, alignment)[ALL]
        own = {key for each in batch.index.modalities.values() for key in each.keys}
        for row, query in enumerate(batch.queries):
            if batch.keys[row] in own:
                skipped += 1
            elif _in_order(_ranked(session, space, catalogue, batch, row, alignment, places), in_memory[row]):
                same += 1
            else:
                differing.append(query.id)
    return Agreement(queries=same + len(differing), same=same, differing=tuple(differing), skipped=skipped)


def _space(session: Session, alignment: Alignment) -> EmbeddingSpace:
    card = alignment.card
    key = SpaceKey(encoders=dict(card.encoders), alignment=card.sha256, dim=card.dim)
    space = spaces.find_or_create(session, key)
    vector_indexes.create(session, space)
    return space


def _catalogue(session: Session, name: str) -> int:
    return catalogues.find_or_create(session, tenants.find_or_create(session, TENANT), name)


def _unheard(index: Index) -> Index:
    """The index without recordings: spoken queries are products' own, which only memory leaves out."""
    seen = dict(index.modalities)
    seen.pop(Modality.SPEECH, None)
    return replace(index, modalities=seen)


def _alike(one: Index, other: Index) -> bool:
    return one.products == other.products and {m: list(v.keys) for m, v in one.modalities.items()} == {
        m: list(v.keys) for m, v in other.modalities.items()
    }


def _store(session: Session, space: EmbeddingSpace, catalogue: int, index: Index) -> dict[int, int]:
    """Writes an index; returns each product's place in it by its row's id."""
    made: dict[str, int] = {}
    for start in range(0, len(index.products), AT_ONCE):
        found = products.lock(session, catalogue, index.products[start : start + AT_ONCE])
        made |= {sku: product.id for sku, product in found.items()}
    own_words = zip(index.products, index.words.by_product(), strict=True)
    products.write_words(
        session,
        [{"product_id": made[sku], "words": words, "names": [], "words_version": 1} for sku, words in own_words],
    )
    for modality, held in index.modalities.items():
        ordinals: dict[int, int] = {}
        rows = []
        for owner, key, vector in zip(held.owners.tolist(), held.keys, held.vectors, strict=True):
            ordinals[owner] = ordinals.get(owner, -1) + 1
            rows.append(
                {
                    "space_id": space.id,
                    "product_id": made[index.products[owner]],
                    "modality": modality,
                    "ordinal": ordinals[owner],
                    "catalogue_id": catalogue,
                    "product_version": 0,
                    "digest": key,
                    "embedding": HalfVector(vector),
                }
            )
        embeddings.replace(session, space.id, catalogue, [], rows)
    return {made[product]: place for place, product in enumerate(index.products)}


def _ranked(
    session: Session,
    space: EmbeddingSpace,
    catalogue: int,
    batch: Batch,
    row: int,
    alignment: Alignment,
    places: dict[int, int],
) -> list[int]:
    """The places of the products that the statement finds for one query, best first."""
    shares = {against: alignment.share(batch.modality, against) for against in Modality}
    part = RankingPart(vectors=[batch.vectors[row].tolist()], weight=1.0, shares=shares)
    text = batch.queries[row].text
    terms = batch.index.words.terms([text] if text else [])
    words = RankingWords(terms=terms, weight=alignment.card.words_weight)
    statement = RankingStatement(space=space, catalogue_id=catalogue, parts=[part], words=words, candidates=CANDIDATES)
    return [places[each.product_id] for each in ranking.rank(session, statement).products]


def _in_order(found: Sequence[int], in_memory: Floats) -> bool:
    """Whether the best products found are the best in memory, in that order, ties aside."""
    best = found[:LOOKED_AT]
    values = in_memory[best]
    expected = np.sort(in_memory[np.isfinite(in_memory)])[::-1][: len(best)]
    falling = all(left >= right - TIE for left, right in pairwise(values.tolist()))
    complete = len(best) == min(LOOKED_AT, int(np.isfinite(in_memory).sum()))
    return falling and complete and bool((values >= expected - TIE).all())
