"""What the words of a query weigh: the rarer in the catalogue, the more."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.catalog import settings
from app.db.matching import expected
from app.db.word_ranking import MOST_WORDED, NO_WORDS, RankingTerm, RankingWords
from app.db.words import frequencies, similar, tsquery
from app.search.terms import Term, terms_of
from app.words import name_of

SHORTEST_MISSPELT = 4  # characters; of shorter words too many are alike
MOST_MISSPELT = 4  # words of one query that others are looked up for
SPELLINGS = 3  # that one of them may have been meant as
Asked = Mapping[tuple[int, int], Sequence[Term]]  # of text, reading


@dataclass(frozen=True, kw_only=True)
class AskedText:
    """A text of the query: as it is written, or as a recording may have been understood."""

    readings: Sequence[str]  # the one of which a product has most counts
    weight: float  # signed


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What products' words are compared with, and what was read for words that no product has."""

    words: RankingWords
    meant: Mapping[str, Sequence[str]]


def read_wording(session: Session, catalogue_id: int, texts: Sequence[AskedText], weight: float) -> Wording:
    """The words of a query's texts for the ranking statement.

    Args:
        session: on the database.
        catalogue_id: whose products are ranked.
        texts: of the query.
        weight: of the words beside the cosine.
    """
    asked = asked_terms(texts, settings.read(session, catalogue_id).synonyms)
    terms = list(dict.fromkeys(term for own in asked.values() for term in own))
    if not terms:
        return Wording(words=NO_WORDS, meant={})
    found = dict(zip(terms, frequencies(session, catalogue_id, [tsquery(t.alternatives) for t in terms]), strict=True))
    meant = _spellings(session, catalogue_id, [term for term in terms if not found[term]])
    words = RankingWords(
        terms=weighed_terms(texts, asked, found, expected(session, catalogue_id), meant),
        found_by=_found_by(terms, found, meant),
        names=list(dict.fromkeys(name_of(each) for text in texts if text.weight > 0 for each in text.readings)),
        weight=weight,
    )
    return Wording(words=words, meant={str(term): list(spelt) for term, spelt in meant.items()})


def asked_terms(texts: Sequence[AskedText], synonyms: Sequence[Sequence[str]] = ()) -> Asked:
    """What each reading of each text asks for."""
    return {
        (part, reading): terms_of(written, synonyms)
        for part, text in enumerate(texts)
        for reading, written in enumerate(text.readings)
    }


def weighed_terms(
    texts: Sequence[AskedText],
    asked: Asked,
    found: Mapping[Term, int],
    products: int,
    meant: Mapping[Term, Mapping[str, float]],
) -> list[RankingTerm]:
    """The terms with weights: those of a reading share its text's weight, by how rare they are.

    Args:
        texts: of the query.
        asked: the terms of each reading of each text.
        found: how many products have each.
        products: about how many there are.
        meant: for words that none has, those that are spelt alike, and how alike they are, 0 to 1.
    """
    weighed: list[RankingTerm] = []
    products = max([products, *found.values()])  # an estimate may be too low
    for (part, reading), terms in asked.items():
        rarities = [inverse_frequency(found[term], products) for term in terms]
        for number, (term, rarity) in enumerate(zip(terms, rarities, strict=True)):
            share = texts[part].weight * rarity / sum(rarities)
            ways = [(term.alternatives, 1.0), *((((word,),), like) for word, like in meant.get(term, {}).items())]
            weighed += [
                RankingTerm(part=part, reading=reading, term=number, alternatives=way, weight=share * like)
                for way, like in ways
            ]
    return weighed


def inverse_frequency(found: int, products: int) -> float:
    """How much a word tells that so many of these products have; one that none has tells most.

    Source:
        Spärck Jones, 1972, "A statistical interpretation of term specificity and its application in retrieval".
    """
    return math.log1p(products / (found or 0.5))


def _spellings(session: Session, catalogue_id: int, unknown: Sequence[Term]) -> dict[Term, dict[str, float]]:
    """For words that no product has, those that are spelt nearly alike, and how alike they are."""
    words = [term for term in unknown if len(str(term)) >= SHORTEST_MISSPELT and len(term.alternatives[0]) == 1]
    found = {term: similar(session, catalogue_id, str(term), SPELLINGS) for term in words[:MOST_MISSPELT]}
    return {term: spelt for term, spelt in found.items() if spelt}


def _found_by(terms: Sequence[Term], found: Mapping[Term, int], meant: Mapping[Term, Mapping[str, float]]) -> str:
    """The products that have a rare word of the query, or else all words: enough to look at one by one."""
    spelt = [[word] for words in meant.values() for word in words]
    rare = [phrase for term in terms if 0 < found[term] <= MOST_WORDED for phrase in term.alternatives]
    if rare or spelt:
        return tsquery([*rare, *spelt])
    known = [f"({tsquery(term.alternatives)})" for term in terms if found[term]]
    return " & ".join(known)
