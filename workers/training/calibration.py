"""What dev says of scores: how likely a hit is relevant."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.linear_model import LogisticRegression

from app.types import Modality
from workers.alignment.artifact import Alignment
from workers.alignment.relevance import Calibration
from workers.encodings import Encodings
from workers.evaluation.judged import JudgedQuery, JudgedSet
from workers.evaluation.judging import ALL, BOTH, Batch, batch_scores, batches
from workers.evaluation.scoring import Floats
from workers.training.selection import DEV
from workers.transcripts import Transcripts

NOTHING = "nonsense"  # the kind of queries that ask for nothing
HITS = 10  # of each query that are looked at
NONSENSE = 0.2  # queries that ask for nothing, beside the texts of each set
LETTERS = {True: "bcdfghjklmnpqrstvwxz", False: "aeiouy"}
BINS = 10
FEWEST = 20  # hits of either kind that a curve is drawn through


@dataclass(frozen=True)
class Hits:
    """The first hits of queries of one modality in one set."""

    scores: Floats  # (n,)
    relevant: np.ndarray  # (n,) bool
    groups: np.ndarray  # (n,) which queries are for the same products


def calibrate(
    judged: Sequence[JudgedSet], encodings: Encodings, alignment: Alignment, transcripts: Transcripts
) -> dict[Modality, Calibration]:
    """For each modality that dev has queries of, the curve from a hit's score to how likely it is relevant.

    Texts that ask for nothing are among the queries. Each set counts alike. The error is the mean difference between
    what the curve says and what is so, in ten bins, on the half of the queries that another curve was not drawn from.
    """
    by_modality: dict[Modality, list[Hits]] = defaultdict(list)
    for number, each in enumerate(judged):
        for modality, hits in _first_hits(_with_nonsense(each, number), encodings, alignment, transcripts).items():
            by_modality[modality].append(hits)
    found = {modality: curve_of(own) for modality, own in by_modality.items()}
    return {modality: curve for modality, curve in found.items() if curve is not None}


def nonsense(count: int, seed: int) -> list[str]:
    """Texts of words that no language has, which can be spoken: `nubrawe zoti`."""
    chance = random.Random(seed)  # noqa: S311  not for secrets
    return [
        " ".join(
            "".join(chance.choice(LETTERS[place % 2 == 0]) for place in range(chance.randint(4, 9)))
            for _ in range(chance.randint(1, 3))
        )
        for _ in range(count)
    ]


def _with_nonsense(judged: JudgedSet, seed: int) -> JudgedSet:
    texts = [query for query in judged.of_split(DEV) if query.modality is Modality.TEXT]
    count = round(NONSENSE * len(texts))
    asked = random.Random(seed).sample(texts, count)  # noqa: S311  not for secrets
    made = [
        replace(query, id=f"nonsense {number}", text=text, kind=NOTHING)
        for number, (query, text) in enumerate(zip(asked, nonsense(count, seed), strict=True))
    ]
    return replace(judged, queries=(*judged.queries, *made))


def _first_hits(
    judged: JudgedSet, encodings: Encodings, alignment: Alignment, transcripts: Transcripts
) -> Mapping[Modality, Hits]:
    rows: dict[Modality, list[tuple[float, bool, int]]] = defaultdict(list)
    groups: dict[frozenset[str], int] = {}
    for batch in batches(judged, DEV, encodings, alignment):
        found = batch_scores(batch, encodings, alignment, transcripts)
        ranked = found[BOTH if BOTH in found else str(batch.modality)][ALL]
        for query, scores in zip(batch.queries, ranked, strict=True):
            group = groups.setdefault(query.relevant, len(groups))
            rows[batch.modality] += [(score, is_so, group) for score, is_so in _hits(batch, query, scores)]
    return {
        modality: Hits(
            np.array([score for score, _, _ in own], dtype=np.float32),
            np.array([is_so for _, is_so, _ in own], dtype=bool),
            np.array([group for _, _, group in own]),
        )
        for modality, own in rows.items()
    }


def _hits(batch: Batch, query: JudgedQuery, scores: Floats) -> Iterator[tuple[float, bool]]:
    for place in np.argsort(-scores, kind="stable")[:HITS]:
        if np.isfinite(scores[place]):
            yield float(scores[place]), query.kind != NOTHING and batch.index.products[place] in query.relevant


def curve_of(by_set: Sequence[Hits]) -> Calibration | None:
    """The curve through hits, each set counting alike; None where too few are relevant, or too few are not."""
    everything = _fitted(by_set)
    if everything is None:
        return None
    errors = []
    for half in (0, 1):
        learnt = _fitted([_part(hits, hits.groups % 2 == half) for hits in by_set]) or everything
        errors += [_error(learnt, _part(hits, hits.groups % 2 != half)) for hits in by_set]
    slope, offset = everything
    return Calibration(slope=slope, offset=offset, error=float(np.mean(errors)))


def _fitted(by_set: Sequence[Hits]) -> tuple[float, float] | None:
    scores = np.concatenate([hits.scores for hits in by_set])
    relevant = np.concatenate([hits.relevant for hits in by_set])
    if min(relevant.sum(), (~relevant).sum()) < FEWEST:
        return None
    weights = np.concatenate([np.full(len(hits.scores), 1 / max(1, len(hits.scores))) for hits in by_set])
    model = LogisticRegression(C=np.inf).fit(scores[:, None], relevant, sample_weight=weights * len(scores))
    slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0])
    return (slope, offset) if slope > 0 else None


def _part(hits: Hits, chosen: np.ndarray) -> Hits:
    return Hits(hits.scores[chosen], hits.relevant[chosen], hits.groups[chosen])


def _error(curve: tuple[float, float], hits: Hits) -> float:
    """The expected calibration error: Naeini, Cooper and Hauskrecht, AAAI 2015."""
    slope, offset = curve
    said = 1 / (1 + np.exp(-(slope * hits.scores + offset)))
    bins = np.minimum((said * BINS).astype(int), BINS - 1)
    gaps = [
        abs(said[bins == each].mean() - hits.relevant[bins == each].mean()) * (bins == each).mean()
        for each in np.unique(bins)
    ]
    return float(sum(gaps))
