"""The ranking statement: candidates by approximate scans and by words, one cosine a product, and what brought it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.db.filtering import EVERYTHING, Filter
from app.db.matching import expected
from app.db.tables import EmbeddingSpace
from app.db.word_ranking import NO_WORDS, RankingWords, asked, values_of, with_names, with_words, words_of
from app.types import Modality

COMPARED = 5_000  # products up to which all that match are compared
# Nodes that an index's scan keeps in view, hnsw.ef_search: at least NARROWEST that match, for the first ten to be the
# right ones, and twice as many as there are candidates; pgvector takes no more than WIDEST.
NARROWEST, WIDEST = 100, 1_000


class Scan(StrEnum):
    """How candidates are found."""

    APPROXIMATE = "approximate"
    EXACT = "exact"


@dataclass(frozen=True)
class Ranked:
    """What the ranking statement found, and how."""

    rows: Sequence[Row[Any]]
    scan: Scan


@dataclass(frozen=True, kw_only=True)
class RankingPart:
    """What candidates are compared with: one vector, or several readings of one thing."""

    vectors: Sequence[Sequence[float]]  # (readings, dim) unit length; the nearest counts
    weight: float  # signed
    shares: Mapping[Modality, float]  # product modality -> share of the weight, above zero


def rank(
    session: Session,
    space: EmbeddingSpace,
    catalogue_id: int,
    parts: Sequence[RankingPart],
    *,
    words: RankingWords = NO_WORDS,
    where: Filter = EVERYTHING,
    exclude: Sequence[int] = (),
    scan: Scan | None = None,
    candidates: int,
) -> Ranked:
    """The products nearest to the query, best first: by their cosine, and by what they have of the query's words.

    A product's similarity to a part through a modality is that of its vector of the modality that is nearest to any of
    the part's; its `cosine` is the sum over parts and modalities of weight times similarity, a part's weight being
    divided among the modalities that the product has in proportion to their shares.

    Products whose SKU is asked for come first, then those of a brand that is asked for.

    Where few products match the filter all of them are compared. Where many do, the indexes' approximate scans find the
    candidates; should those be too few, all that match are compared after all, so that as many come as there are.
    With `scan` given it is the one that is tried.

    Returns:
        Rows of `product_id`, `cosine`, `words` (their sum of weights), `exact` (2 by SKU, 1 by brand, else 0), and of
        `part` indexes, `against` modalities, `similarity` and `weight` lists in step.
    """
    values: dict[str, Any] = {"catalogue": catalogue_id, "exclude": list(exclude), "candidates": candidates}
    values |= where.values | values_of(words)
    for number, part in enumerate(parts):
        for reading, vector in enumerate(part.vectors):
            values[f"vector_{number}_{reading}"] = "[" + ",".join(f"{x:.6g}" for x in vector) + "]"
        values[f"weight_{number}"] = part.weight
        values |= {f"share_{number}_{modality}": share for modality, share in part.shares.items()}
    matching = COMPARED if scan is Scan.EXACT else expected(session, catalogue_id, where)
    if matching > COMPARED or scan is Scan.APPROXIMATE:
        share = 1.0 if where == EVERYTHING else max(1, matching) / max(1, matching, expected(session, catalogue_id))
        _broaden(session, min(WIDEST, max(2 * candidates, round(NARROWEST / share))))
        found = session.execute(text(statement(space, parts, Scan.APPROXIMATE, where, words)), values).all()
        if len(found) == candidates:
            return Ranked(found, Scan.APPROXIMATE)
    return Ranked(session.execute(text(statement(space, parts, Scan.EXACT, where, words)), values).all(), Scan.EXACT)


def _broaden(session: Session, nodes: int) -> None:
    """Lets the index scans of this transaction keep so many nodes in view."""
    session.execute(text("SELECT set_config('hnsw.ef_search', :nodes, true)"), {"nodes": str(nodes)})


def statement(
    space: EmbeddingSpace,
    parts: Sequence[RankingPart],
    scan: Scan = Scan.APPROXIMATE,
    where: Filter = EVERYTHING,
    words: RankingWords = NO_WORDS,
) -> str:
    """The text of the ranking statement."""
    nearest = _indexed(space, parts, where) if scan is Scan.APPROXIMATE else _all(where)
    if scan is Scan.APPROXIMATE and words.terms:
        nearest += f" UNION {with_words(_matching(where))} UNION {with_names(_matching(where))}"
    # The space and the modality stand in the text, not in parameters: a partial index is only used where the planner
    # can see that the query's condition implies the index's.
    compared = " UNION ALL ".join(
        f"SELECT product_id, {number} AS part, '{modality}' AS against,"  # noqa: S608  no text of a user's
        f" 1 - min({_nearest_distance(space, number, part)}) AS similarity,"
        f" CAST(:weight_{number} AS float8) AS weight, CAST(:share_{number}_{modality} AS float8) AS share"
        f" FROM nearest JOIN embeddings USING (product_id) WHERE {_stored(space, modality)} GROUP BY product_id"
        for number, part in enumerate(parts)
        for modality in part.shares
    )
    return f"""
WITH asked AS MATERIALIZED ({asked()}),
nearest AS MATERIALIZED ({nearest}),
compared AS ({compared}),
weighted AS (
    SELECT product_id, part, against, similarity,
        weight * share / sum(share) OVER (PARTITION BY product_id, part) AS weight
    FROM compared
),
near AS (
    SELECT product_id, sum(similarity * weight) AS cosine, array_agg(part) AS part, array_agg(against) AS against,
        array_agg(similarity) AS similarity, array_agg(weight) AS weight
    FROM weighted GROUP BY product_id
)
SELECT near.*, coalesce(worded.words, 0) AS words, coalesce(worded.exact, 0) AS exact
FROM near LEFT JOIN ({words_of("nearest", words)}) AS worded USING (product_id)
ORDER BY exact DESC, cosine + :words_weight * coalesce(worded.words, 0) DESC, product_id LIMIT :candidates
"""  # noqa: S608  numbers and enum members only


def _indexed(space: EmbeddingSpace, parts: Sequence[RankingPart], where: Filter) -> str:
    """The candidates of an approximate scan for each vector and modality."""
    of_product = f" AND EXISTS (SELECT FROM products WHERE id = product_id AND {where.text})"
    matches = "" if where == EVERYTHING else of_product
    return " UNION ".join(
        f"(SELECT product_id FROM embeddings WHERE {_stored(space, modality)}"  # noqa: S608  no text of a user's
        f" AND catalogue_id = :catalogue AND product_id <> ALL (CAST(:exclude AS bigint[])){matches}"
        f" ORDER BY {_distance(space, number, reading)} LIMIT :candidates)"
        for number, part in enumerate(parts)
        for reading in range(len(part.vectors))
        for modality in part.shares
    )


def _all(where: Filter) -> str:
    """Every product that matches."""
    return f"SELECT id AS product_id FROM products WHERE {_matching(where)}"  # noqa: S608  no text of a user's


def _matching(where: Filter) -> str:
    return f"catalogue_id = :catalogue AND id <> ALL (CAST(:exclude AS bigint[])) AND {where.text}"


def _stored(space: EmbeddingSpace, modality: Modality) -> str:
    return f"space_id = {int(space.id)} AND modality = '{Modality(modality)}'"


def _nearest_distance(space: EmbeddingSpace, number: int, part: RankingPart) -> str:
    return f"least({', '.join(_distance(space, number, reading) for reading in range(len(part.vectors)))})"


def _distance(space: EmbeddingSpace, part: int, reading: int) -> str:
    dim = int(space.dim)
    return f"embedding::halfvec({dim}) <=> CAST(:vector_{part}_{reading} AS halfvec({dim}))"


def tokens(session: Session, space: EmbeddingSpace, product_ids: Sequence[int]) -> Sequence[Row[Any]]:
    """The vectors of these products with their tokens: rows as of `vectors`, and of `labels` and `tokens`.

    The tokens' vectors are one behind the other in pgvector's own bytes; None where a content is not told apart.
    """
    statement = text(
        "SELECT product_id, modality, ordinal, halfvec_send(embedding) AS vector, labels,"
        " halfvec_send(vectors) AS tokens FROM embeddings LEFT JOIN tokens"
        " USING (space_id, product_id, modality, ordinal)"
        " WHERE space_id = :space AND product_id = ANY (:products) ORDER BY product_id, modality, ordinal"
    )
    return session.execute(statement, {"space": space.id, "products": list(product_ids)}).all()


def vectors(session: Session, space: EmbeddingSpace, product_ids: Sequence[int]) -> Sequence[Row[Any]]:
    """The vectors of these products: rows of `product_id`, `modality`, `ordinal` and `vector`, pgvector's own bytes.

    The bytes are those of halfvec's binary format: two big-endian 16-bit numbers (the dimension and zero), then one
    big-endian half-precision number a component. Reading them is many times faster than reading their text.
    """
    statement = text(
        "SELECT product_id, modality, ordinal, halfvec_send(embedding) AS vector FROM embeddings"
        " WHERE space_id = :space AND product_id = ANY (:products) ORDER BY product_id, modality, ordinal"
    )
    return session.execute(statement, {"space": space.id, "products": list(product_ids)}).all()
