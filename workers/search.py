"""Answers searches: encode, rank by cosine in SQL, re-rank by attention, freeze."""

import logging
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy.orm import Session

from app.conditions import Condition, fields_of
from app.db import embeddings, jobs, products
from app.db.matching import is_known
from app.db.ranking_statement import Scan
from app.db.tables import Job
from app.errors import SearchAbandoned, SearchFailed, TriseekError
from app.jobs.client import enqueue
from app.jobs.names import Task
from app.search.filters import parse_field
from app.search.service import read_query
from app.spaces import service as spaces
from app.types import JobState
from workers.connections import Connections
from workers.hits import hit_document, hits_of
from workers.query import encode_query
from workers.rerank.relevance import rerank
from workers.retrieval import Retrieval
from workers.stopwatch import Stopwatch
from workers.stored import read_content
from workers.towers import HeldSpaces, Towers
from workers.wording import Wording

log = logging.getLogger(__name__)
MAX_ATTEMPTS = 3
RERANKED = 100  # of the best candidates
CHECKED_EVERY = 100  # of the searches by approximate scans, which are repeated exactly


def run_search(connections: Connections, held: HeldSpaces, job_id: UUID) -> None:
    """Runs a search job to its end, unless it has ended or was cancelled."""
    with connections.jobs.transaction() as session:
        job = jobs.start(session, job_id)
    if job is None:
        return
    result, problem = _outcome(connections, held, job)
    state = JobState.SUCCEEDED if problem is None else JobState.FAILED
    with connections.jobs.transaction() as session:
        jobs.finish(session, job_id, state, result=result, error=problem)
        if result is not None and result["scan"] == Scan.APPROXIMATE and job_id.int % CHECKED_EVERY == 0:
            enqueue(session, Task.CHECK_RECALL, [str(job_id)])


def _outcome(
    connections: Connections, held: HeldSpaces, job: Job
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    if job.attempts > MAX_ATTEMPTS:
        return None, SearchAbandoned().problem()
    try:
        with connections.sessions() as session:
            towers = held.of(spaces.answering(session, cast(int, job.catalogue_id)))
            return _answer(session, connections, towers, job), None
    except TriseekError as error:
        return None, error.problem()
    except Exception:
        # Whatever happens, the job ends and says so: somebody waits for it.
        log.exception("Search %s failed", job.id)
        return None, SearchFailed().problem()


def _answer(session: Session, connections: Connections, towers: Towers, job: Job) -> dict[str, Any]:
    """The result document, without the products themselves: they are read when it is shown."""
    watch = Stopwatch()
    query, catalogue_id = read_query(job.request), cast(int, job.catalogue_id)
    encoded = encode_query(session, connections.store, towers, catalogue_id, query.parts)
    watch.lap("encode")
    retrieval = Retrieval(session, towers, catalogue_id, query, encoded)
    ranked, matching = retrieval.rank(), retrieval.matching
    total = matching.count()
    facets = {name: matching.facet(parse_field(name)) for name in query.facets}
    notes = _spelt(retrieval.wording) + ([] if total else _notes(session, catalogue_id, retrieval.condition))
    found = products.skus(session, [each.product_id for each in ranked.products])
    alignment = towers.embedder.alignment
    looks = query.rerank and (query.explain or any(alignment.card.rerank_weights.values()))
    best = [each.product_id for each in ranked.products if each.product_id in found][:RERANKED]
    stored = embeddings.tokens(session, towers.space, catalogue_id, best) if looks else []
    watch.lap("sql")
    reranked = rerank(encoded.asked, query.against, [read_content(row, alignment) for row in stored], alignment)
    there = [each for each in ranked.products if each.product_id in found]
    hits = hits_of(encoded, query, there, reranked, alignment.card)
    if len(hits) < len(there):
        notes.append(
            f"{len(there) - len(hits)} of the best {len(there)} are less relevant than {query.min_relevance:g}."
        )
    watch.lap("rerank")
    queued = (cast(datetime, job.started_at) - job.created_at).total_seconds()
    return {
        "hits": [hit_document(hit, found[hit.product_id], explain=query.explain) for hit in hits],
        "total": total,
        "facets": facets,
        "notes": notes,
        "scan": ranked.scan,
        "space": towers.space.id,
        "transcript": encoded.transcript,
        "took_ms": watch.took_ms(queued),
    }


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
