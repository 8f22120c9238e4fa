"""Ranks every query of a judged set over its products, through each modality of these and through all together."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.types import Modality, Role
from workers.alignment.artifact import Alignment
from workers.encodings import Content, Encodings, FileContent, TextContent
from workers.evaluation.judged import JudgedQuery, JudgedSet
from workers.evaluation.products import product_index
from workers.evaluation.scoring import (
    Floats,
    Index,
    nearest_reading,
    similarities,
    similarities_without,
    together,
)
from workers.transcripts import Readings, Transcripts

ALL = "all"
TRANSCRIPT = "transcript"
BOTH = "both"  # a recording by its vector and its transcript
TYPED = "typed"  # the words that a recording is known to hold, searched as text: what a search by voice is held to
AT_ONCE = 256  # queries scored in one go


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Queries of one modality that are ranked over the same products."""

    modality: Modality
    index: Index
    queries: Sequence[JudgedQuery]
    contents: Sequence[Content]
    keys: Sequence[str]  # what each query was made from
    vectors: Floats  # (q, dim) unit length


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Where one query's relevant products came, through one modality of the products or all."""

    query: JudgedQuery
    by: str  # what it was compared by: its own modality's vector, its transcript, both, or its words as typed
    against: str  # a modality, or all
    index: int  # products ranked over
    ranks: tuple[int, ...]  # of its relevant products, from 1, ascending
    first: str  # the product that came first


def judge(
    judged: JudgedSet,
    split: str | None,
    encodings: Encodings,
    alignment: Alignment,
    *,
    transcripts: Transcripts | None = None,
) -> list[Judgement]:
    """Ranks each query of a split against each modality of its products, and against all.

    Args:
        judged: products, queries and judgements.
        split: of the queries; all if none.
        encodings: of the contents.
        alignment: whose vectors are compared.
        transcripts: if given, recordings are also compared by what is heard in them, by both, and, those whose words
            are known, by these as typed.
    """
    found: list[Judgement] = []
    for batch in batches(judged, split, encodings, alignment):
        found += judge_batch(batch, encodings, alignment, transcripts=transcripts)
    return found


def batches(judged: JudgedSet, split: str | None, encodings: Encodings, alignment: Alignment) -> Iterator[Batch]:
    """The readable queries of a split, those of one modality and one index together."""
    alike: dict[tuple[Modality, str, tuple[str, ...]], list[JudgedQuery]] = defaultdict(list)
    for query in judged.of_split(split):
        alike[query.modality, judged.index_of(query), query.leave_out].append(query)
    for (modality, index_split, leave_out), queries in alike.items():
        index = product_index(judged, index_split, leave_out, encodings, alignment)
        for start in range(0, len(queries), AT_ONCE):
            own = queries[start : start + AT_ONCE]
            contents = [_query_content(query) for query in own]
            keys = encodings.encode(modality, contents)
            read = [number for number, key in enumerate(keys) if key is not None]
            if read:
                own_keys = [keys[number] or "" for number in read]
                yield Batch(
                    modality=modality,
                    index=index,
                    queries=[own[number] for number in read],
                    contents=[contents[number] for number in read],
                    keys=own_keys,
                    vectors=alignment.project(modality, encodings.outputs(modality, own_keys)),
                )


def scores(batch: Batch, alignment: Alignment) -> dict[str, Floats]:
    """(q, products) of a batch's queries against each modality, and against all: there by their words, too."""
    by_modality = {
        modality: similarities(batch.vectors, batch.keys, batch.index, modality) for modality in batch.index.modalities
    }
    found = _with_all(by_modality, alignment.card.shares[batch.modality])
    return found | {ALL: found[ALL] + alignment.card.words_weight * _words(batch)}


def _words(batch: Batch) -> Floats:
    """(q, products) what products have of the words of queries that are texts."""
    return batch.index.words.scores_of([(query.text,) if query.text else () for query in batch.queries])


def heard_scores(
    heard: Sequence[Readings],
    index: Index,
    encodings: Encodings,
    alignment: Alignment,
    besides: Sequence[Collection[str]] | None = None,
) -> dict[str, Floats]:
    """As `scores`, by what recordings say; minus infinity where nothing was understood.

    Args:
        heard: of each recording.
        index: the products.
        encodings: of the contents.
        alignment: whose vectors are compared.
        besides: what else each query is made from, and not compared with either.
    """
    others = besides or [()] * len(heard)
    readings = [
        (TextContent(reading, Role.QUERY), other) for own, other in zip(heard, others, strict=True) for reading in own
    ]
    keys = encodings.encode(Modality.TEXT, [reading for reading, _ in readings])
    own_keys = [key or "" for key in keys]
    vectors = alignment.project(Modality.TEXT, encodings.outputs(Modality.TEXT, own_keys))
    made_from = [(key, *other) for key, (_, other) in zip(own_keys, readings, strict=True)]
    counts = [len(own) for own in heard]
    by_modality = {
        modality: nearest_reading(similarities_without(vectors, made_from, index, modality), counts)
        for modality in index.modalities
    }
    found = _with_all(by_modality, alignment.card.shares[Modality.TEXT])
    return found | {ALL: found[ALL] + alignment.card.words_weight * index.words.scores_of(heard)}


def rank_products(scores: Floats) -> NDArray[np.int64]:
    """(q, products) from 1; ties go to the earlier product, and what cannot be found comes last."""
    order = np.argsort(-scores, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, order.shape[1] + 1)[None], axis=1)
    return np.where(np.isfinite(scores), ranks, order.shape[1])


def batch_scores(
    batch: Batch, encodings: Encodings, alignment: Alignment, transcripts: Transcripts | None = None
) -> dict[str, dict[str, Floats]]:
    """What the queries of a batch are compared by, and then (q, products) against each modality and all."""
    found = {str(batch.modality): scores(batch, alignment)}
    recordings = [content for content in batch.contents if isinstance(content, FileContent)]
    if batch.modality is Modality.SPEECH and transcripts is not None:
        heard = heard_scores(transcripts.of(recordings), batch.index, encodings, alignment)
        found |= {TRANSCRIPT: heard, BOTH: _fused(found[batch.modality], heard, alignment.card.transcript_share)}
        words = [(query.transcript,) if query.transcript else () for query in batch.queries]
        found[TYPED] = heard_scores(words, batch.index, encodings, alignment)
    return found


def judge_batch(
    batch: Batch,
    encodings: Encodings,
    alignment: Alignment,
    *,
    transcripts: Transcripts | None = None,
) -> Iterator[Judgement]:
    """Ranks the queries of a batch, as `judge` does."""
    index = batch.index
    found = batch_scores(batch, encodings, alignment, transcripts)
    for by, by_against in found.items():
        for against, values in by_against.items():
            for query, ranks in zip(batch.queries, rank_products(values), strict=True):
                if by == TYPED and not query.transcript:
                    continue
                own = tuple(sorted(int(ranks[index.places[product]]) for product in query.relevant))
                first = index.products[int(ranks.argmin())]
                yield Judgement(query=query, by=by, against=against, index=len(ranks), ranks=own, first=first)


def _with_all(by_modality: Mapping[Modality, Floats], shares: Mapping[Modality, float]) -> dict[str, Floats]:
    return {**{str(modality): own for modality, own in by_modality.items()}, ALL: together(by_modality, shares)}


def _fused(spoken: Mapping[str, Floats], heard: Mapping[str, Floats], heard_share: float) -> dict[str, Floats]:
    """A recording by its vector and its transcript; by its vector alone where nothing was understood."""
    return {
        against: np.where(
            np.isfinite(heard[against]).any(axis=1, keepdims=True),
            (1 - heard_share) * values + heard_share * heard[against],
            values,
        )
        for against, values in spoken.items()
    }


def _query_content(query: JudgedQuery) -> Content:
    if query.modality is Modality.TEXT or query.path is None:
        return TextContent(query.text, Role.QUERY)
    return FileContent(query.path, query.modality)
