"""The part of the ranking statement that compares words: what products have of those that are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.db.filtering import PRODUCTS
from app.db.words import tsquery

MOST_WORDED = 2_000  # products looked at for their words, and for their names
MOST_NAMED = 1_000


@dataclass(frozen=True, kw_only=True)
class RankingTerm:
    """A word or phrase that a product has or has not."""

    part: int  # the text that it stands in; texts count together
    reading: int  # of that text; the one of which a product has most counts
    term: int  # of that reading; the weightiest way of having it counts
    alternatives: tuple[tuple[str, ...], ...]  # phrases: it has it that has all words of any
    weight: float  # signed; those of a reading sum to its text's own weight


@dataclass(frozen=True, kw_only=True)
class RankingWords:
    """What the words of products are compared with."""

    terms: Sequence[RankingTerm]
    found_by: str = ""  # a tsquery that no more than MOST_WORDED products should match: they are candidates
    names: Sequence[str] = ()  # folded; products of this SKU or brand come first
    weight: float  # of the words beside the cosine


NO_WORDS = RankingWords(terms=(), weight=0.0)

# For a product the weight of those words that it has: of its ways the weightiest, of readings the fullest.
HAS = """
SELECT sum(of_part) FROM (
    SELECT (array_agg(of_reading ORDER BY abs(of_reading) DESC))[1] AS of_part FROM (
        SELECT part, sum(of_term) AS of_reading FROM (
            SELECT part, reading, term, (array_agg(weight ORDER BY abs(weight) DESC))[1] AS of_term
            FROM asked WHERE products.words @@ asked.query GROUP BY part, reading, term
        ) AS terms GROUP BY part, reading
    ) AS readings GROUP BY part
) AS parts
"""
NAMED = "products.names && CAST(:names AS text[])"


def values_of(words: RankingWords) -> dict[str, Any]:
    """What the statement's parameters are bound to."""
    return {
        "term_parts": [each.part for each in words.terms],
        "term_readings": [each.reading for each in words.terms],
        "term_numbers": [each.term for each in words.terms],
        "term_queries": [tsquery(each.alternatives) for each in words.terms],
        "term_weights": [each.weight for each in words.terms],
        "found_by": words.found_by,
        "names": list(words.names),
        "words_weight": words.weight,
    }


def asked() -> str:
    """The rows of the terms."""
    return (
        "SELECT part, reading, term, CAST(query AS tsquery) AS query, weight FROM unnest(CAST(:term_parts AS int[]),"
        " CAST(:term_readings AS int[]), CAST(:term_numbers AS int[]), CAST(:term_queries AS text[]),"
        " CAST(:term_weights AS float8[])) AS given (part, reading, term, query, weight)"
    )


def words_of(nearest: str, words: RankingWords) -> str:
    """What products of the relation `nearest` have: `words`, a sum of weights, and `exact`, 2 by SKU and 1 by brand."""
    if not words.terms:
        return "SELECT CAST(NULL AS bigint) AS product_id, CAST(0 AS float8) AS words, 0 AS exact"
    return (
        f"SELECT product_id, ({HAS}) AS words,"  # noqa: S608  no text of a user's
        f" CASE WHEN products.names[1] = ANY (CAST(:names AS text[])) THEN 2 WHEN {NAMED} THEN 1 ELSE 0 END AS exact"
        f" FROM {nearest} JOIN {PRODUCTS} ON id = product_id"
        f" WHERE EXISTS (SELECT FROM asked WHERE products.words @@ asked.query) OR {NAMED}"
    )


def with_words(matching: str, candidates: int) -> str:
    """Candidates among products that match: those that have the weightiest of the words."""
    return (
        f"(SELECT product_id FROM (SELECT id AS product_id, ({HAS}) AS has FROM {PRODUCTS}"  # noqa: S608  no text of a user's
        f" WHERE {matching} AND words @@ CAST(:found_by AS tsquery) LIMIT {MOST_WORDED}) AS worded"
        f" ORDER BY has DESC, product_id LIMIT {int(candidates)})"
    )


def with_names(matching: str) -> str:
    """Candidates among products that match: those whose SKU or brand is asked for."""
    return f"(SELECT id AS product_id FROM {PRODUCTS} WHERE {matching} AND {NAMED} LIMIT {MOST_NAMED})"  # noqa: S608
