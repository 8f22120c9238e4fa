"""Which products have which words, in memory, and what each has of a query's: as the ranking statement reckons."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.db.word_ranking import RankingTerm
from app.search.terms import Phrase
from app.words import indexed_words
from workers.wording import AskedText, asked_terms, weighed_terms


@dataclass(frozen=True, kw_only=True)
class WordIndex:
    """The words of products."""

    products: int = 0
    postings: Mapping[str, frozenset[int]] = field(default_factory=dict)  # word -> the places of products

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]]) -> Self:
        """The index of products that have these texts."""
        postings: dict[str, set[int]] = defaultdict(set)
        products = 0
        for place, own in enumerate(texts):
            products += 1
            for word in indexed_words(own):
                postings[word].add(place)
        return cls(products=products, postings={word: frozenset(places) for word, places in postings.items()})

    def scores_of(self, queries: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """(q, products) how much of the fullest reading of each query each product has, 0 to 1."""
        return np.stack([self.scores(self.terms(readings)) for readings in queries])

    def terms(self, readings: Sequence[str]) -> list[RankingTerm]:
        """The terms of one text with weights that sum to 1 for each reading."""
        texts = [AskedText(readings=readings, weight=1.0)]
        asked = asked_terms(texts)
        found = {term: len(self._having(term.alternatives)) for own in asked.values() for term in own}
        return weighed_terms(texts, asked, found, self.products, {})

    def scores(self, terms: Sequence[RankingTerm]) -> NDArray[np.float32]:
        """(products,) how much of the fullest reading each has, 0 to 1."""
        readings = 1 + max((term.reading for term in terms), default=0)
        held = np.zeros((readings, self.products), dtype=np.float32)
        for term in terms:
            held[term.reading, list(self._having(term.alternatives))] += term.weight
        fullest: NDArray[np.float32] = held.max(axis=0)
        return fullest

    def by_product(self) -> list[list[str]]:
        """The words of each product."""
        found: list[list[str]] = [[] for _ in range(self.products)]
        for word, places in self.postings.items():
            for place in places:
                found[place].append(word)
        return found

    def _having(self, alternatives: Sequence[Phrase]) -> set[int]:
        found: set[int] = set()
        for words in alternatives:
            found |= frozenset.intersection(*(self.postings.get(word, frozenset()) for word in words))
        return found
