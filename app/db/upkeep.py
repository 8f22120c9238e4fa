"""Statements that keep PostgreSQL's own knowledge of the tables fresh."""

from sqlalchemy import text
from sqlalchemy.orm import Session

# As autovacuum reckons it, which looks once a minute: a catalogue that is searched right after its upload would be
# ranked by plans for an empty one, five times slower.
CHANGED, SHARE = 50, 0.1  # rows changed since the last time, and of those that are there


def analyze_changed(session: Session) -> list[str]:
    """Lets the planner look again at those tables of searches that have changed much; their names."""
    changed = text("""
SELECT relname FROM pg_stat_user_tables
WHERE relname ~ '^(products|embeddings_p[0-9]+|tokens_p[0-9]+)$'
    AND n_mod_since_analyze > :changed + :share * n_live_tup
ORDER BY relname
""")
    names = list(session.scalars(changed, {"changed": CHANGED, "share": SHARE}))
    for name in names:
        session.execute(text(f"ANALYZE {name}"))  # one of the names above
    return names
