"""Answers a query in a space: encode, rank by cosine in SQL, re-rank by attention."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.conditions import Condition, fields_of
from app.db import embeddings, products
from app.db.matching import is_known
from app.media.store import MediaStore
from app.search.filters import parse_field
from app.search.frozen import freeze
from app.types import SearchQuery
from workers.hits import hits_of
from workers.query import EncodedQuery, encode_query
from workers.rerank.relevance import rerank
from workers.retrieval import Retrieval
from workers.stopwatch import Stopwatch
from workers.stored import read_contents
from workers.towers import Towers
from workers.wording import Wording

RERANKED = 100  # of the best candidates


@dataclass(frozen=True)
class Answered:
    """What a search found, without the products themselves: they are read when it is shown."""

    found: dict[str, Any]
    watch: Stopwatch

    def document(self, queued: float) -> dict[str, Any]:
        """As the job of a search keeps it that had waited so many seconds."""
        return self.found | {"took_ms": self.watch.took_ms(queued)}


def answer(session: Session, store: MediaStore, towers: Towers, catalogue_id: int, query: SearchQuery) -> Answered:
    """Searches a catalogue in a space.

    Raises:
        MediaUnreadable: naming each part of the query that could not be read.
        ProductUnknown, RequestInvalid: a product that it names does not exist, or has no vector yet.
    """
    watch = Stopwatch()
    encoded = encode_query(session, store, towers, catalogue_id, query.parts)
    watch.lap("encode")
    retrieval = Retrieval(session, towers, catalogue_id, query, encoded)
    ranked, matching = retrieval.rank(), retrieval.matching
    total = matching.count()
    facets = {name: matching.facet(parse_field(name)) for name in query.facets}
    notes = _spelt(retrieval.wording) + ([] if total else _notes(session, catalogue_id, retrieval.condition))
    if query.within is not None:
        notes = []  # which speak of fields and words of products that may not be seen
    found = products.skus(session, [each.product_id for each in ranked.products])
    alignment = towers.embedder.alignment
    looks = query.rerank and (query.explain or any(alignment.card.rerank_weights.values()))
    best = [each.product_id for each in ranked.products if each.product_id in found][:RERANKED]
    stored = embeddings.tokens(session, towers.space, catalogue_id, best) if looks else []
    watch.lap("sql")
    reranked = rerank(encoded.asked, query.against, read_contents(stored, alignment), alignment)
    there = [each for each in ranked.products if each.product_id in found]
    hits = hits_of(encoded, query, there, reranked, alignment.card)
    if len(hits) < len(there):
        notes.append(
            f"{len(there) - len(hits)} of the best {len(there)} are less relevant than {query.min_relevance:g}."
        )
    watch.lap("rerank")
    answered = {
        **freeze(hits, [(each.name, each.modality) for each in encoded.vectors], found, explain=query.explain),
        "total": total,
        "facets": facets,
        "notes": notes,
        "scan": ranked.scan,
        "space": towers.space.id,
        "transcript": encoded.transcript,
        "query_digest": _digest(encoded),
    }
    return Answered(answered, watch)


def _digest(encoded: EncodedQuery) -> str:
    """SHA-256 of what products were compared with, as it goes to the database."""
    sha = hashlib.sha256()
    for each in encoded.vectors:
        sha.update(
            f"{each.name} {each.modality} {each.weight:.6f}".encode() + each.vectors.astype(np.float16).tobytes()
        )
    return sha.hexdigest()


def _notes(session: Session, catalogue_id: int, condition: Condition | None) -> list[str]:
    """Why nothing may have matched: the fields that no product has."""
    unknown = [field for field in fields_of(condition) if not is_known(session, catalogue_id, field)]
    return [f"No product of the catalogue has {field}." for field in unknown]


def _spelt(wording: Wording) -> list[str]:
    """What was searched for instead of words that no product has; a word's own other forms go without saying."""
    other = {
        word: [each for each in spelt if not (each.startswith(word) or word.startswith(each))]
        for word, spelt in wording.meant.items()
    }
    return [
        f"No product has the word {word}; searched for {' and '.join(spelt)}, too."
        for word, spelt in other.items()
        if spelt
    ]
