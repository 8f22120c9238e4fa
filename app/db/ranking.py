"""Ranks the products of a catalogue for a query, by approximate scans where there are many, else by comparing all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from time import monotonic
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.db.filtering import EVERYTHING, Filter
from app.db.matching import expected
from app.db.ranking_statement import NODES, RankingPart, RankingStatement, Scan
from app.types import Modality

COMPARED = 5_000  # products up to which all that match are compared
MOST_COMPARED = 20_000  # the same where an index cannot have as many nodes in view as it should
# Nodes that an index's scan keeps in view, hnsw.ef_search: at least NARROWEST that match, for the first ten to be the
# right ones, and twice as many as there are candidates; pgvector takes no more than WIDEST.
NARROWEST, WIDEST = 64, 1_000
KNOWN_FOR = 30.0  # seconds that an estimate is not asked for again
MOST_KNOWN = 1_000  # estimates


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """How a product compares with one part of a query through one of its modalities."""

    part: int
    against: Modality
    similarity: float  # -1 to 1
    weight: float  # signed


@dataclass(frozen=True, kw_only=True, slots=True)
class RankedProduct:
    """A candidate, and what brought it."""

    product_id: int
    cosine: float  # the sum of similarity times weight
    words: float  # what it has of the query's words, a sum of weights
    exact: int  # 2 if its SKU was asked for, 1 if its brand was, else 0
    compared: tuple[Compared, ...]


@dataclass(frozen=True)
class Ranked:
    """What was found, best first, and how."""

    products: Sequence[RankedProduct]
    scan: Scan


def rank(session: Session, statement: RankingStatement, scan: Scan | None = None) -> Ranked:
    """The products nearest to the query, best first: by their cosine, and by what they have of the query's words.

    A product's similarity to a part through a modality is that of its vector of the modality that is nearest to any of
    the part's; its `cosine` is the sum over parts and modalities of weight times similarity, a part's weight being
    divided among the modalities that the product has in proportion to their shares.

    Products whose SKU is asked for come first, then those of a brand that is asked for.

    Where few products match the filter all of them are compared. Where many do, the indexes' approximate scans find the
    candidates; should those be too few, all that match are compared after all, so that as many come as there are.
    With `scan` given it is the one that is tried.
    """
    if not statement.is_plain:
        # A plan for whatever is asked for would not know how many products match.
        session.execute(text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"))
    if scan is not Scan.EXACT:
        whole = _expected(session, statement.catalogue_id, EVERYTHING)
        matching = _expected(session, statement.catalogue_id, statement.where)
        nodes = max(2 * statement.candidates, round(NARROWEST * max(1, whole) / max(1, matching)))
        if matching > (COMPARED if nodes <= WIDEST else MOST_COMPARED) or scan is Scan.APPROXIMATE:
            found = _found(session, statement, Scan.APPROXIMATE, min(nodes, WIDEST))
            if len(found) == statement.candidates:
                return Ranked(found, Scan.APPROXIMATE)
    return Ranked(_found(session, statement, Scan.EXACT), Scan.EXACT)


def _expected(session: Session, catalogue_id: int, where: Filter) -> int:
    """About how many products match; each connection asks for it now and then."""
    known: dict[object, tuple[int, float]] = session.connection().info.setdefault("expected", {})
    asked = catalogue_id, where.text, repr(where.values)
    count, until = known.get(asked, (0, 0.0))
    if monotonic() >= until:
        if len(known) >= MOST_KNOWN:
            known.clear()
        count = expected(session, catalogue_id, where)
        known[asked] = count, monotonic() + KNOWN_FOR
    return count


def _found(session: Session, statement: RankingStatement, scan: Scan, nodes: int = NODES) -> list[RankedProduct]:
    rows = session.execute(text(statement.text(scan, nodes)), statement.values)
    return [_product(rows_of, statement.parts) for _, rows_of in groupby(rows, key=lambda row: row.product_id)]


def _product(rows: Iterable[Row[Any]], parts: Sequence[RankingPart]) -> RankedProduct:
    """A product of its rows, one for each of its modalities."""
    own = list(rows)
    compared = []
    for number, part in enumerate(parts):
        whole = sum(part.shares[row.modality] for row in own)
        for row in own:
            weight = part.weight * part.shares[row.modality] / whole
            similarity = getattr(row, f"similarity_{number}")
            compared.append(Compared(part=number, against=Modality(row.modality), similarity=similarity, weight=weight))
    first = own[0]
    return RankedProduct(
        product_id=first.product_id,
        cosine=first.cosine,
        words=first.words,
        exact=first.exact,
        compared=tuple(compared),
    )
