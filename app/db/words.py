"""Statements over the words that products are found by."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db.filtering import PRODUCTS

MOST = 10_000  # products that are counted for one word; a word that more have tells little
LOOKED_AT = 200  # titles alike, whose words may be the one that was meant
ALIKE = 0.3  # trigrams that two words share, of all that they have: two letters swapped leave a third


def tsquery(alternatives: Sequence[Sequence[str]]) -> str:
    """What has all the words of any alternative, as PostgreSQL writes it; words are letters and digits."""
    return " | ".join("(" + " & ".join(f"'{word}'" for word in words) + ")" for words in alternatives)


def frequencies(session: Session, catalogue_id: int, queries: Sequence[str]) -> list[int]:
    """How many products of a catalogue each of these finds, at most MOST."""
    counted = text(f"""
SELECT (
    SELECT count(*) FROM (
        SELECT FROM {PRODUCTS} WHERE catalogue_id = :catalogue AND words @@ CAST(query AS tsquery) LIMIT :most
    ) AS found
) FROM unnest(CAST(:queries AS text[])) WITH ORDINALITY AS asked (query, number) ORDER BY number
""")  # noqa: S608  no text of a user's
    bound = {"catalogue": catalogue_id, "queries": list(queries), "most": MOST}
    return list(session.scalars(counted, bound))


def similar(session: Session, catalogue_id: int, word: str, limit: int) -> dict[str, float]:
    """Words of the catalogue's titles that are spelt nearly like this one, with how alike they are, 0 to 1, best first.

    Source:
        Trigrams against misspellings: Angell, Freund and Willett, 1983, "Automatic spelling correction using a trigram
        similarity measure".
    """
    session.execute(text("SELECT set_config('pg_trgm.word_similarity_threshold', :alike, true)"), {"alike": str(ALIKE)})
    found = text(f"""
SELECT spelt, similarity(spelt, :word) AS alike FROM (
    SELECT DISTINCT unnest(tsvector_to_array(words)) AS spelt FROM (
        SELECT words FROM {PRODUCTS} WHERE catalogue_id = :catalogue AND title %> :word LIMIT :looked_at
    ) AS near
) AS candidates WHERE similarity(spelt, :word) >= :alike ORDER BY alike DESC, spelt LIMIT :limit
""")  # noqa: S608  no text of a user's
    bound = {"catalogue": catalogue_id, "word": word, "looked_at": LOOKED_AT, "alike": ALIKE, "limit": limit}
    return {row.spelt: row.alike for row in session.execute(found, bound)}
