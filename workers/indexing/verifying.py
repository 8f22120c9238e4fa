"""Compares a space that is built with the one that answers searches."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from sqlalchemy.orm import Session

from app.db import counting, jobs, ranking, removal, spaces, vector_indexes
from app.db.job_tables import Job
from app.db.ranking_statement import RankingPart, RankingStatement
from app.db.space_tables import EmbeddingSpace
from app.errors import ReindexFailed, TriseekError
from app.search.frozen import thaw
from app.search.service import read_query
from app.spaces import verification
from app.spaces.verification import JudgedSearch
from app.types import JobState, Modality, Role
from workers.answering import answer
from workers.connections import Connections
from workers.embedder import Embedded
from workers.evaluation.self_check import KnownItem, known_items
from workers.evaluation.space_comparison import DEPTH, Pair, Timing, overlap, quality, reasons
from workers.towers import HeldSpaces, Towers

log = logging.getLogger(__name__)
PAST = 500  # searches that were really asked
MAX_ATTEMPTS = 3
TOLD_EVERY = 1.0  # seconds


def verify_space(connections: Connections, held: HeldSpaces, job_id: UUID) -> None:
    """Runs the job of a comparison to its end."""
    with connections.jobs.transaction() as session:
        job = jobs.start(session, job_id)
    if job is None:
        return
    try:
        if job.attempts > MAX_ATTEMPTS:
            raise ReindexFailed
        result = Verifying(connections, held, job).run()
        state, problem = JobState.SUCCEEDED, None
    except _NobodyWaits:
        return
    except TriseekError as error:
        result, state, problem = None, JobState.FAILED, error.problem()
    with connections.jobs.transaction() as session:
        jobs.finish(session, job_id, state, result=result, error=problem)


class _NobodyWaits(Exception):
    """The comparison was cancelled, or another attempt has it."""


@dataclass
class Verifying:
    """One comparison.

    Args:
        connections: of the process.
        held: both spaces, once they are loaded.
        job: of the comparison.
    """

    connections: Connections
    held: HeldSpaces
    job: Job
    _told: float = field(init=False, default_factory=time.monotonic)
    _done: int = field(init=False, default=0)
    _both: tuple[Towers, Towers] = field(init=False)

    def run(self) -> dict[str, Any]:
        """The comparison as it is told.

        Raises:
            TriseekError: a space cannot be loaded.
        """
        with self.connections.sessions() as session:
            new = spaces.find(session, self.job.request["space"])
            assert new is not None  # rows of spaces stay
            scope = new.catalogue_id
            active = spaces.active(session) if scope is None else spaces.answering(session, scope)
            assert active is not None  # a database without an active space has no other
            catalogues = removal.catalogue_ids(session) if scope is None else [scope]
            coverage = _coverage(session, new, active, catalogues)
            size = {name: _size(session, each, catalogues) for name, each in (("new", new), ("active", active))}
            past = jobs.recent_searches(session, catalogues, PAST)
            judged = verification.searches_of(self.job)
            items = [] if judged else self._known_items(session)
        self._both = (self.held.of(new), self.held.of(active))
        self._expect(len(judged) + len(items) + len(past))
        pairs = [self._judged_pair(each) for each in judged] + [self._item_pair(each) for each in items]
        rows = quality(pairs)
        against = reasons(coverage, rows)
        told = self._past(past)
        self._tell()
        return {
            "space": new.id,
            "active": active.id,
            "is_ready": not against,
            "reasons": against,
            "coverage": coverage,
            "quality": rows,
            "past": told,
            "size": size,
        }

    def _known_items(self, session: Session) -> list[KnownItem]:
        return known_items(session, self.connections.store, self.held.parts.decode_picture, self.job.catalogue_id)

    def _judged_pair(self, search: JudgedSearch) -> Pair:
        catalogue_id = self.job.catalogue_id
        assert catalogue_id is not None  # judged searches have one
        new, active = (self._rank(towers, catalogue_id, search) for towers in self._both)
        self._go_on()
        return Pair(kind=search.kind, target=min(search.relevant), new=new, active=active)

    def _rank(self, towers: Towers, catalogue_id: int, search: JudgedSearch) -> int | None:
        with self.connections.sessions() as session:
            found = thaw(answer(session, self.connections.store, towers, catalogue_id, search.query).found)
        return next((hit["rank"] for hit in found[:DEPTH] if hit["sku"] in search.relevant), None)

    def _item_pair(self, item: KnownItem) -> Pair:
        new, active = (self._rank_of_item(towers, item) for towers in self._both)
        self._go_on()
        return Pair(kind=item.kind, target=str(item.product.id), new=new, active=active)

    def _rank_of_item(self, towers: Towers, item: KnownItem) -> int | None:
        """By vectors alone: words would find a title whatever the space."""
        (embedded,) = towers.embedder.embed(item.modality, [item.content], Role.QUERY)
        if not isinstance(embedded, Embedded):
            return None
        statement = RankingStatement(
            space=towers.space,
            catalogue_id=item.product.catalogue_id,
            parts=[RankingPart(vectors=[embedded.vector.tolist()], weight=1.0, shares={item.against: 1.0})],
            candidates=DEPTH,
        )
        with self.connections.sessions() as session:
            found = [each.product_id for each in ranking.rank(session, statement).products]
        return found.index(item.product.id) + 1 if item.product.id in found else None

    def _past(self, asked: Sequence[Job]) -> dict[str, Any]:
        """Searches that were really asked: how alike the answers are, and how long both take."""
        found = [each for each in map(self._both_answers, asked) if each is not None]
        overlaps = [overlap(*(skus for skus, _ in each)) for each in found]
        counted = [share for share in overlaps if share is not None]
        times = {name: Timing.of([each[place][1] for each in found]) for place, name in enumerate(("new", "active"))}
        return {
            "queries": len(found),
            "overlap@10": round(sum(counted) / len(counted), 4) if counted else None,
            **{
                name: None if each is None else {"p50_ms": each.p50, "p95_ms": each.p95} for name, each in times.items()
            },
        }

    def _both_answers(self, past: Job) -> list[tuple[list[str], float]] | None:
        """In each space the SKUs that are found and the milliseconds it takes; None if it cannot be asked again."""
        query, found = read_query(past.request), []
        catalogue_id = cast(int, past.catalogue_id)
        for towers in self._both:
            try:
                with self.connections.sessions() as session:
                    answered = answer(session, self.connections.store, towers, catalogue_id, query).document(0)
            except TriseekError:  # a product or picture that it names is gone
                self._go_on()
                return None
            found.append(([hit["sku"] for hit in thaw(answered)], answered["took_ms"]["total"]))
        self._go_on()
        return found

    def _expect(self, searches: int) -> None:
        with self.connections.jobs.transaction() as session:
            jobs.set_expected(session, self.job.id, searches)

    def _go_on(self) -> None:
        self._done += 1
        if time.monotonic() - self._told > TOLD_EVERY:
            self._told = time.monotonic()
            self._tell()

    def _tell(self) -> None:
        with self.connections.jobs.transaction() as session:
            if jobs.renew(session, self.job.id, self.job.attempts) is None:
                raise _NobodyWaits
            jobs.set_done(session, self.job.id, self._done)


def _coverage(session: Session, new: EmbeddingSpace, active: EmbeddingSpace, catalogues: list[int]) -> dict[str, Any]:
    both = {"new": new, "active": active}
    modalities = {name: counting.vectors(session, each.id, catalogues) for name, each in both.items()}
    return {
        "products": sum(counting.products(session, each) for each in catalogues),
        **{name: counting.covered(session, each.id, catalogues) for name, each in both.items()},
        "vectors": {
            modality: {name: modalities[name].get(modality, (0, 0))[0] for name in both} for modality in Modality
        },
    }


def _size(session: Session, space: EmbeddingSpace, catalogues: list[int]) -> Mapping[str, int]:
    vectors = sum(count for count, _ in counting.vectors(session, space.id, catalogues).values())
    return {
        "dim": space.dim,
        "vector_bytes": vectors * 2 * space.dim,
        "index_bytes": vector_indexes.size(session, space),
    }
