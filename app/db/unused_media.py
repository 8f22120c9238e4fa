"""Statements over stored bytes that nothing needs any more."""

import datetime
from collections.abc import Sequence

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from app.db.space_tables import Embedding, EmbeddingSpace
from app.db.tables import Catalogue, Media
from app.types import SpaceState

# What needs bytes: products, and those that can be brought back; spaces; searches and comparisons whose jobs are kept;
# imports that are read, or may be read on.
NEEDED = """
SELECT digest FROM product_media WHERE digest IS NOT NULL
UNION SELECT unnest(digests) FROM removals WHERE document IS NOT NULL
UNION SELECT artifact FROM embedding_spaces WHERE artifact IS NOT NULL
UNION SELECT jsonb_path_query(request, '$.**.media') #>> '{}' FROM jobs WHERE kind IN ('search', 'verify')
UNION SELECT request ->> 'artifact' FROM jobs WHERE kind = 'reindex' AND state IN ('queued', 'running')
UNION SELECT request ->> 'file' FROM jobs
    WHERE kind = 'import'
    AND (state IN ('queued', 'running') OR state = 'failed' AND finished_at > now() - interval '7 days')
"""


def mark(session: Session) -> int:
    """Notes of each stored content since when it is unused, if it is; how many are."""
    marked = f"""
UPDATE media SET unused_since = CASE WHEN needed.digest IS NULL THEN now() END
FROM media AS own LEFT JOIN ({NEEDED}) AS needed ON needed.digest = own.digest
WHERE media.digest = own.digest AND (needed.digest IS NULL) = (media.unused_since IS NULL)
"""  # noqa: S608  no text of a user's
    session.execute(text(marked))
    return session.scalars(select(func.count()).select_from(Media).where(Media.unused_since.is_not(None))).one()


def take(session: Session, age: datetime.timedelta, most: int) -> list[tuple[str, int]]:
    """Removes the rows of contents that were unused for this long: (digest, bytes) each."""
    old = (
        select(Media.digest)
        .where(Media.unused_since <= func.now() - age)
        .order_by(Media.unused_since)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    gone = delete(Media).where(Media.digest.in_(old)).returning(Media.digest, Media.bytes)
    return [(row.digest, row.bytes) for row in session.execute(gone)]


def take_these(session: Session, digests: Sequence[str]) -> list[tuple[str, int]]:
    """Removes the rows of those of these contents that nothing needs any more: (digest, bytes) each."""
    locked = session.scalars(select(Media.digest).where(Media.digest.in_(digests)).with_for_update()).all()
    still = text(f"SELECT digest FROM ({NEEDED}) AS needed WHERE digest = ANY (:digests)")  # noqa: S608  ours alone
    needed = set(session.scalars(still, {"digests": list(digests)}))
    gone = delete(Media).where(Media.digest.in_(set(locked) - needed)).returning(Media.digest, Media.bytes)
    return [(row.digest, row.bytes) for row in session.execute(gone)]


def known(session: Session, digests: Sequence[str]) -> set[str]:
    """Those of these digests that there is a row for."""
    return set(session.scalars(select(Media.digest).where(Media.digest.in_(digests))))


def encoders(session: Session) -> set[str]:
    """The encoders of all spaces that are not retired, `name@revision` each."""
    rows = session.scalars(select(EmbeddingSpace.encoders).where(EmbeddingSpace.state != SpaceState.RETIRED))
    return {encoder for each in rows for encoder in each.values()}


def embedded(session: Session, digests: Sequence[str]) -> set[str]:
    """Those of these digests that any product has a vector of."""
    found: set[str] = set()
    for catalogue_id in session.scalars(select(Catalogue.id)):
        own = (Embedding.catalogue_id == catalogue_id, Embedding.digest.in_(digests))
        found |= set(session.scalars(select(Embedding.digest).distinct().where(*own)))
    return found
