"""The first stage of a search: which products are candidates, by vectors and by words."""

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.orm import Session

from app.conditions import AllOf, Condition
from app.db import ranking
from app.db.filtering import Filter, sql_of
from app.db.matching import Matching
from app.db.ranking import Ranked
from app.db.ranking_statement import RankingPart, RankingStatement, Scan
from app.search.filters import parse_filter
from app.search.service import FROZEN
from app.types import Modality, SearchQuery
from workers.query import EncodedQuery
from workers.towers import Towers
from workers.wording import Wording, read_wording


@dataclass(frozen=True)
class Retrieval:
    """An encoded query before the products of one catalogue."""

    session: Session
    towers: Towers
    catalogue_id: int
    query: SearchQuery
    encoded: EncodedQuery

    @cached_property
    def condition(self) -> Condition | None:
        """The filter, and that of a search token."""
        written = [each for each in (self.query.filter, self.query.within) if each]
        conditions = [parse_filter(each) for each in written]
        return AllOf(tuple(conditions)) if len(conditions) > 1 else next(iter(conditions), None)

    @cached_property
    def wording(self) -> Wording:
        """What products' words are compared with; nothing where their texts do not count."""
        texts = self.encoded.texts if Modality.TEXT in self.query.against else ()
        return read_wording(self.session, self.catalogue_id, texts, self.towers.embedder.words_weight)

    @property
    def matching(self) -> Matching:
        """The products that may be found."""
        return Matching(
            self.session,
            self.towers.space,
            self.catalogue_id,
            self.query.against,
            self._where,
            self.encoded.named_products,
        )

    def rank(self, scan: Scan | None = None, candidates: int = FROZEN) -> Ranked:
        """The candidates, best first; by this kind of scan if one is given."""
        statement = RankingStatement(
            space=self.towers.space,
            catalogue_id=self.catalogue_id,
            parts=self._parts,
            words=self.wording.words,
            where=self._where,
            exclude=self.encoded.named_products,
            candidates=candidates,
        )
        return ranking.rank(self.session, statement, scan)

    @cached_property
    def _where(self) -> Filter:
        return sql_of(self.condition)

    @property
    def _parts(self) -> list[RankingPart]:
        return [
            RankingPart(
                vectors=each.vectors.tolist(),
                weight=each.weight,
                shares={against: each.shares[against] for against in self.query.against},
            )
            for each in self.encoded.vectors
        ]
