"""The cross-modal matrix: every query modality against every product modality, and against all of them together."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from app.types import Modality, Role
from workers.alignment.artifact import Alignment
from workers.encodings import Content, Encodings, FileContent, TextContent
from workers.evaluation.judged import EVERY_SPLIT, JudgedProduct, JudgedQuery, JudgedSet
from workers.evaluation.metrics import ndcg_at, precision_at, recall_at, reciprocal_rank
from workers.evaluation.resampling import mean_intervals
from workers.evaluation.scoring import (
    Floats,
    Index,
    ModalityVectors,
    nearest_reading,
    rerank_first,
    similarities,
    similarities_without,
    together,
)
from workers.transcripts import Readings, Transcripts

ALL = "all"
TRANSCRIPT = "transcript"
BOTH = "both"  # a recording by its vector and its transcript
RERANKED = 200  # the candidates that a search re-ranks
AT_ONCE = 256  # queries scored in one go

METRICS: Mapping[str, Callable[[Sequence[int]], float]] = {
    **{f"R@{k}": partial(recall_at, k) for k in (1, 5, 10)},
    "MRR": reciprocal_rank,
    "nDCG@10": partial(ndcg_at, 10),
    **{f"P@{k}": partial(precision_at, k) for k in (1, 10)},
}


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
    by: str  # what it was compared by: its own modality's vector, its transcript, or both
    against: str  # a modality, or all
    index: int  # products ranked over
    ranks: tuple[int, ...]  # of its relevant products, from 1, ascending
    first: str  # the product that came first


@dataclass(frozen=True, kw_only=True)
class Group:
    """Queries by one modality or transcript that are looked at together, against one modality of products or all."""

    query: str
    against: str
    kind: str  # all if empty
    lang: str  # all if empty
    judgements: Sequence[Judgement]

    @property
    def index(self) -> int:
        """How many products they are ranked over, at most."""
        return max(judgement.index for judgement in self.judgements)

    @property
    def values(self) -> NDArray[np.float64]:
        """Every query's metrics, (n, len(METRICS))."""
        return np.array([[metric(each.ranks) for metric in METRICS.values()] for each in self.judgements])

    def mean(self, metric: str) -> float:
        """The mean of one metric."""
        return float(np.mean([METRICS[metric](each.ranks) for each in self.judgements]))

    @property
    def targets(self) -> list[frozenset[str]]:
        """What each query should find; those for the same products stand or fall together."""
        return [judgement.query.relevant for judgement in self.judgements]


@dataclass(frozen=True, kw_only=True)
class MatrixRow:
    """The means over one group of queries against one modality."""

    query: str
    against: str
    kind: str
    lang: str
    n: int
    index: int
    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]  # 95 %; empty where all queries are for the same products


def judge(
    judged: JudgedSet,
    split: str | None,
    encodings: Encodings,
    alignment: Alignment,
    *,
    rerank: bool = False,
    transcripts: Transcripts | None = None,
) -> list[Judgement]:
    """Ranks each query of a split against each modality of its products, and against all.

    Args:
        judged: products, queries and judgements.
        split: of the queries; all if none.
        encodings: of the contents.
        alignment: whose vectors are compared.
        rerank: whether the best against all are re-ranked by attention; transcripts are not.
        transcripts: if given, recordings are also compared by what they say, and by both.
    """
    found: list[Judgement] = []
    for batch in batches(judged, split, encodings, alignment):
        found += _judge_batch(batch, encodings, alignment, rerank=rerank, transcripts=transcripts)
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


def groups(judgements: Sequence[Judgement]) -> list[Group]:
    """The queries of each modality against each product modality: all, and those of each kind and language."""
    found: dict[tuple[str, str, str, str], list[Judgement]] = defaultdict(list)
    for judgement in judgements:
        query = judgement.query
        for kind, lang in {("", ""), (query.kind, ""), ("", query.lang)}:
            found[judgement.by, judgement.against, kind, lang].append(judgement)
    return [
        Group(query=query, against=against, kind=kind, lang=lang, judgements=own)
        for (query, against, kind, lang), own in sorted(found.items())
    ]


def means(group: Group) -> MatrixRow:
    """The means over a group, with their intervals."""
    values = group.values
    intervals = mean_intervals(values, group.targets)
    return MatrixRow(
        query=group.query,
        against=group.against,
        kind=group.kind,
        lang=group.lang,
        n=len(values),
        index=group.index,
        metrics=dict(zip(METRICS, values.mean(axis=0).tolist(), strict=True)),
        intervals={} if intervals is None else dict(zip(METRICS, map(tuple, intervals.tolist()), strict=True)),
    )


def usual_index(judged: JudgedSet, split: str | None, encodings: Encodings, alignment: Alignment) -> Index:
    """The products that most of a split's queries are ranked over."""
    splits = Counter(judged.index_of(query) for query in judged.of_split(split))
    return product_index(judged, splits.most_common(1)[0][0], (), encodings, alignment)


def scores(batch: Batch, alignment: Alignment) -> dict[str, Floats]:
    """(q, products) of a batch's queries against each modality, and against all."""
    by_modality = {
        modality: similarities(batch.vectors, batch.keys, batch.index, modality) for modality in batch.index.modalities
    }
    return _with_all(by_modality, alignment.card.shares[batch.modality])


def _judge_batch(
    batch: Batch, encodings: Encodings, alignment: Alignment, *, rerank: bool, transcripts: Transcripts | None
) -> Iterator[Judgement]:
    modality, index = batch.modality, batch.index
    found = {str(modality): scores(batch, alignment)}
    recordings = [content for content in batch.contents if isinstance(content, FileContent)]
    if modality is Modality.SPEECH and transcripts is not None:
        heard = heard_scores(transcripts.of(recordings), index, encodings, alignment)
        found |= {TRANSCRIPT: heard, BOTH: _fused(found[modality], heard, alignment.card.transcript_share)}
    if rerank:
        found[modality][ALL] = rerank_first(found[modality][ALL], batch.vectors, batch.keys, index, RERANKED)
    for by, by_against in found.items():
        for against, values in by_against.items():
            for query, ranks in zip(batch.queries, rank_products(values), strict=True):
                own = tuple(sorted(int(ranks[index.places[product]]) for product in query.relevant))
                first = index.products[int(ranks.argmin())]
                yield Judgement(query=query, by=by, against=against, index=len(ranks), ranks=own, first=first)


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
    return _with_all(by_modality, alignment.card.shares[Modality.TEXT])


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


def rank_products(scores: Floats) -> NDArray[np.int64]:
    """(q, products) from 1; ties go to the earlier product, and what cannot be found comes last."""
    order = np.argsort(-scores, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, order.shape[1] + 1)[None], axis=1)
    return np.where(np.isfinite(scores), ranks, order.shape[1])


def product_index(
    judged: JudgedSet, split: str, leave_out: Sequence[str], encodings: Encodings, alignment: Alignment
) -> Index:
    """The vectors of a split's products, or of all, without those of the fields that are left out."""
    products = [product for product in judged.products.values() if split in (EVERY_SPLIT, product.split)]
    modalities = {
        modality: _modality_vectors(modality, products, leave_out, encodings, alignment) for modality in Modality
    }
    return Index(
        products=[product.id for product in products],
        modalities={modality: stored for modality, stored in modalities.items() if len(stored.vectors)},
    )


def _modality_vectors(
    modality: Modality,
    products: Sequence[JudgedProduct],
    leave_out: Sequence[str],
    encodings: Encodings,
    alignment: Alignment,
) -> ModalityVectors:
    owned = [
        (owner, content)
        for owner, product in enumerate(products)
        for content in product_contents(modality, product, leave_out)
    ]
    keys = encodings.encode(modality, [content for _, content in owned])
    readable = [(owner, key) for (owner, _), key in zip(owned, keys, strict=True) if key is not None]
    own_keys = [key for _, key in readable]
    return ModalityVectors(
        vectors=alignment.project(modality, encodings.outputs(modality, own_keys)),
        owners=np.array([owner for owner, _ in readable], dtype=np.int64),
        keys=own_keys,
    )


def product_contents(modality: Modality, product: JudgedProduct, leave_out: Sequence[str]) -> list[Content]:
    """What a product has of one modality, without the fields that are left out."""
    if modality is Modality.TEXT:
        return [TextContent(text, Role.PASSAGE) for text in product.texts(leave_out)]
    paths = product.images if modality is Modality.IMAGE else product.audio
    return [FileContent(path, modality) for path in paths]


def _query_content(query: JudgedQuery) -> Content:
    if query.modality is Modality.TEXT or query.path is None:
        return TextContent(query.text, Role.QUERY)
    return FileContent(query.path, query.modality)
