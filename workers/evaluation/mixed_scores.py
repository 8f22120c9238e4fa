"""Ranks mixed queries in memory: part by part, by their mean vector, by their fusion."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.types import Modality
from workers.alignment.artifact import Alignment, Vectors, Weights
from workers.alignment.mixing import MIXTURES, Mixing, Mixture
from workers.encodings import Encodings, FileContent, TextContent
from workers.evaluation.judged import JudgedSet
from workers.evaluation.judging import ALL, heard_scores, rank_products
from workers.evaluation.mixed import MixedQuery, mixed_queries
from workers.evaluation.products import product_index
from workers.evaluation.scoring import Floats, Index, similarities_without, together
from workers.transcripts import Transcripts


@dataclass(frozen=True, kw_only=True)
class MixedJudgement:
    """Where one mixed query's relevant products came among all that products have, by each way of ranking."""

    mixture: Mixture
    query: MixedQuery
    index: int  # products ranked over
    ranks: Mapping[Mixing, tuple[int, ...]]  # of its relevant products, from 1, ascending


def judge_mixed(
    judged: JudgedSet,
    split: str | None,
    encodings: Encodings,
    alignment: Alignment,
    *,
    transcripts: Transcripts | None = None,
) -> list[MixedJudgement]:
    """Ranks a judged set's mixed queries in each way; every part weighs the same.

    Args:
        judged: products, queries and judgements.
        split: of the queries; all if none.
        encodings: of the contents.
        alignment: whose vectors are compared.
        transcripts: if given, what a recording says has its share of the recording's weight, as in a search.
    """
    found: list[MixedJudgement] = []
    for mixture in MIXTURES:
        alike: dict[tuple[str, tuple[str, ...]], list[MixedQuery]] = defaultdict(list)
        for query in mixed_queries(judged, split, mixture):
            alike[query.index, query.leave_out].append(query)
        for (index_split, leave_out), queries in alike.items():
            index = product_index(judged, index_split, leave_out, encodings, alignment)
            found += _judge(mixture, queries, index, encodings, alignment, transcripts)
    return found


@dataclass(frozen=True, kw_only=True)
class _Encoded:
    """Mixed queries with their parts' vectors."""

    queries: Sequence[MixedQuery]
    keys: Sequence[Sequence[str]]  # (q,) what each is made from
    vectors: Mapping[Modality, Vectors]  # (q, dim)


def _judge(
    mixture: Mixture,
    queries: Sequence[MixedQuery],
    index: Index,
    encodings: Encodings,
    alignment: Alignment,
    transcripts: Transcripts | None,
) -> Iterator[MixedJudgement]:
    encoded = _encode(queries, encodings, alignment)
    if not encoded.queries:
        return
    weights, heard = _weights(mixture, encoded, index, encodings, alignment, transcripts)
    ranks = {way: rank_products(_scores(way, encoded, weights, index, alignment) + heard) for way in Mixing}
    for row, query in enumerate(encoded.queries):
        places = [index.places[product] for product in query.relevant]
        own = {way: tuple(sorted(int(of_way[row, place]) for place in places)) for way, of_way in ranks.items()}
        yield MixedJudgement(mixture=mixture, query=query, index=len(index.products), ranks=own)


def _encode(queries: Sequence[MixedQuery], encodings: Encodings, alignment: Alignment) -> _Encoded:
    """Those queries of which every part can be read."""
    modalities = list(queries[0].parts)
    found = [encodings.encode(m, [query.parts[m].content for query in queries]) for m in modalities]
    keys = [[key for key in own if key is not None] for own in zip(*found, strict=True)]
    whole = [number for number, own in enumerate(keys) if len(own) == len(modalities)]
    own_keys = [keys[number] for number in whole]
    return _Encoded(
        queries=[queries[number] for number in whole],
        keys=own_keys,
        vectors={
            modality: alignment.project(modality, encodings.outputs(modality, [own[place] for own in own_keys]))
            for place, modality in enumerate(modalities)
        },
    )


def _weights(
    mixture: Mixture,
    encoded: _Encoded,
    index: Index,
    encodings: Encodings,
    alignment: Alignment,
    transcripts: Transcripts | None,
) -> tuple[Weights, Floats]:
    """What each part's own vector weighs, (q,), and what words and transcripts bring, (q, products)."""
    count = len(encoded.queries)
    weights = {modality: np.ones(count, dtype=np.float32) for modality in encoded.vectors}
    brought = np.zeros((count, len(index.products)), dtype=np.float32)
    if Modality.TEXT in mixture:
        texts = [query.parts[Modality.TEXT].content for query in encoded.queries]
        typed = [(content.text,) for content in texts if isinstance(content, TextContent)]
        brought = alignment.card.words_weight * index.words.scores_of(typed)
    if Modality.SPEECH in mixture and transcripts is not None:
        contents = [query.parts[Modality.SPEECH].content for query in encoded.queries]
        readings = transcripts.of([content for content in contents if isinstance(content, FileContent)])
        heard = heard_scores(readings, index, encodings, alignment, encoded.keys)[ALL]
        understood = np.array([bool(own) for own in readings])
        weights[Modality.SPEECH][understood] = 1 - alignment.card.transcript_share
        brought += np.where(understood[:, None], alignment.card.transcript_share * heard, 0)
    return weights, brought


def _scores(way: Mixing, encoded: _Encoded, weights: Weights, index: Index, alignment: Alignment) -> Floats:
    """(q, products) by what the parts' own vectors bring, minus infinity where a product has nothing to compare."""
    columns = {modality: own[:, None] for modality, own in weights.items()}
    shares = alignment.mixed_shares(columns)
    if way in (Mixing.SUM, Mixing.SHARED):
        own_shares = alignment.card.shares if way is Mixing.SUM else dict.fromkeys(weights, shares)
        by_part = [
            columns[modality] * _compared(own, encoded, index, own_shares[modality])
            for modality, own in encoded.vectors.items()
        ]
        summed: Floats = np.sum(by_part, axis=0)
        return summed
    total = np.sum(list(weights.values()), axis=0)[:, None]
    mixed = alignment.mix(way, encoded.vectors, weights)
    scores: Floats = total * _compared(mixed, encoded, index, shares)
    return scores


def _compared(vectors: Vectors, encoded: _Encoded, index: Index, shares: Mapping[Modality, float | Floats]) -> Floats:
    by_modality = {against: similarities_without(vectors, encoded.keys, index, against) for against in index.modalities}
    return together(by_modality, shares)
