"""The ranking statement: candidates by approximate scans and by words, one cosine a product, and what brought it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pgvector import HalfVector

from app.db.filtering import EVERYTHING, PRODUCTS, Filter
from app.db.space_tables import EmbeddingSpace
from app.db.word_ranking import NO_WORDS, RankingWords, asked, values_of, with_names, with_words, words_of
from app.types import Modality

NODES = 40  # that pgvector keeps in view unless told


class Scan(StrEnum):
    """How candidates are found."""

    APPROXIMATE = "approximate"
    EXACT = "exact"


@dataclass(frozen=True, kw_only=True)
class RankingPart:
    """What candidates are compared with: one vector, or several readings of one thing."""

    vectors: Sequence[Sequence[float]]  # (readings, dim) unit length; the nearest counts
    weight: float  # signed
    shares: Mapping[Modality, float]  # product modality -> share of the weight, above zero; the same in all parts


@dataclass(frozen=True, kw_only=True)
class RankingStatement:
    """What is ranked among what.

    Its rows, one for each modality of each product, are `product_id`, `cosine`, `words` (their sum of weights), `exact`
    (2 by SKU, 1 by brand, else 0), `modality`, and `similarity_0`, `similarity_1`… to each part.
    """

    space: EmbeddingSpace
    catalogue_id: int
    parts: Sequence[RankingPart]
    words: RankingWords = NO_WORDS
    where: Filter = EVERYTHING
    exclude: Sequence[int] = ()
    candidates: int

    @property
    def is_plain(self) -> bool:
        """Whether nothing but vectors is compared, and nothing left out: one plan serves all such."""
        return not self.words.terms and self.where == EVERYTHING and not self.exclude

    @property
    def values(self) -> dict[str, Any]:
        """What its parameters are bound to."""
        values = self.where.values | values_of(self.words) | {"exclude": list(self.exclude)}
        for number, part in enumerate(self.parts):
            for reading, vector in enumerate(part.vectors):
                values[f"vector_{number}_{reading}"] = HalfVector(list(vector))
            values[f"weight_{number}"] = part.weight
            values |= {f"share_{number}_{modality}": share for modality, share in part.shares.items()}
        return values

    def text(self, scan: Scan, nodes: int = NODES) -> str:
        """Its text; an approximate scan keeps so many nodes of an index in view, 1 to 1,000."""
        # Numbers of ours stand in the text, not in parameters: a partial index is only used where the planner can see
        # that the query's condition implies the index's, and a plan for many values is only right where the catalogue
        # and how many are wanted are known.
        numbers = range(len(self.parts))
        distances = "".join(f", {self._nearest_distance(number)} AS distance_{number}" for number in numbers)
        similarities = "".join(f", 1 - min(distance_{number}) AS similarity_{number}" for number in numbers)
        cosine = " + ".join(
            f"CAST(:weight_{number} AS float8) * sum({self._share(number)} * similarity_{number})"
            f" / sum({self._share(number)})"
            for number in numbers
        )
        order = "exact DESC, cosine + :words_weight * words DESC, product_id"
        return f"""
WITH asked AS MATERIALIZED ({asked()}),
broadened AS (SELECT set_config('hnsw.ef_search', '{int(nodes)}', true) AS nodes),
nearest AS ({self._nearest(scan)}),
measured AS MATERIALIZED (
    SELECT product_id, modality{distances} FROM nearest JOIN embeddings USING (product_id)
    WHERE {self._stored(*self.parts[0].shares)}
),
compared AS (SELECT product_id, modality{similarities} FROM measured GROUP BY product_id, modality),
near AS (SELECT product_id, {cosine} AS cosine FROM compared GROUP BY product_id),
best AS (
    SELECT product_id, cosine, coalesce(worded.words, 0) AS words, coalesce(worded.exact, 0) AS exact
    FROM near LEFT JOIN ({words_of("nearest", self.words)}) AS worded USING (product_id)
    ORDER BY exact DESC, cosine + :words_weight * coalesce(worded.words, 0) DESC, product_id
    LIMIT {int(self.candidates)}
)
SELECT * FROM best JOIN compared USING (product_id) ORDER BY {order}
"""  # noqa: S608  numbers and enum members only

    def _nearest(self, scan: Scan) -> str:
        if scan is Scan.EXACT:
            return f"SELECT id AS product_id FROM {PRODUCTS} WHERE {self._matching}"  # noqa: S608  no text of a user's
        nearest = self._indexed()
        if self.words.terms:
            nearest += f" UNION {with_words(self._matching, self.candidates)} UNION {with_names(self._matching)}"
        return nearest

    def _indexed(self) -> str:
        """The candidates of an approximate scan for each vector and modality."""
        of_product = f" AND EXISTS (SELECT FROM {PRODUCTS} WHERE id = product_id AND {self.where.text})"
        matches = "" if self.where == EVERYTHING else of_product
        # That the index is told before it is scanned: what holds of no row is looked at first.
        told = "(SELECT nodes FROM broadened) IS NOT NULL"
        return " UNION ".join(
            f"(SELECT product_id FROM embeddings WHERE {self._stored(modality)} AND {told}"  # noqa: S608
            f"{self._excluded('product_id')}{matches}"
            f" ORDER BY {self._distance(number, reading)} LIMIT {int(self.candidates)})"
            for number, part in enumerate(self.parts)
            for reading in range(len(part.vectors))
            for modality in part.shares
        )

    @property
    def _matching(self) -> str:
        return f"{self._of_catalogue}{self._excluded('id')} AND {self.where.text}"

    def _excluded(self, product: str) -> str:
        return f" AND {product} <> ALL (CAST(:exclude AS bigint[]))" if self.exclude else ""

    @property
    def _of_catalogue(self) -> str:
        return f"catalogue_id = {int(self.catalogue_id)}"

    def _stored(self, *modalities: Modality) -> str:
        """Vectors of the catalogue in the space, of these modalities."""
        these = ", ".join(f"'{Modality(modality)}'" for modality in modalities)
        return f"{self._of_catalogue} AND space_id = {int(self.space.id)} AND modality IN ({these})"

    def _share(self, number: int) -> str:
        shares = self.parts[number].shares
        cases = " ".join(f"WHEN '{each}' THEN CAST(:share_{number}_{each} AS float8)" for each in shares)
        return f"CASE modality {cases} END"

    def _nearest_distance(self, number: int) -> str:
        readings = range(len(self.parts[number].vectors))
        return f"least({', '.join(self._distance(number, reading) for reading in readings)})"

    def _distance(self, number: int, reading: int) -> str:
        dim = int(self.space.dim)
        return f"embedding::halfvec({dim}) <=> CAST(:vector_{number}_{reading} AS halfvec({dim}))"
