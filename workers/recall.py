"""The live recall meter: searches by approximate scans, repeated exactly."""

from uuid import UUID

from app.db import jobs, recall
from app.db.ranking_statement import Scan
from app.search.service import read_query
from app.spaces import service as spaces
from app.types import JobState
from workers.connections import Connections
from workers.query import encode_query
from workers.retrieval import Retrieval
from workers.towers import HeldSpaces

LOOKED_AT = 10  # of the best candidates


def check_recall(connections: Connections, held: HeldSpaces, job_id: UUID) -> None:
    """Ranks a finished search's query approximately and exactly, and notes how many of the exact best were found.

    Both happen now, on the same products: those that came or went since the search say nothing of the index.
    """
    with connections.sessions() as session:
        job = jobs.get(session, job_id)
        if job is None or job.state != JobState.SUCCEEDED or job.catalogue_id is None:
            return
        towers = held.of(spaces.answering(session, job.catalogue_id))
        query = read_query(job.request)
        encoded = encode_query(session, connections.store, towers, job.catalogue_id, query.parts)
        retrieval = Retrieval(session, towers, job.catalogue_id, query, encoded)
        found, right = ([each.product_id for each in retrieval.rank(scan).products[:LOOKED_AT]] for scan in Scan)
    if right:
        share = len(set(found) & set(right)) / len(right)
        with connections.sessions.begin() as session:
            recall.add(session, towers.space.id, share)
