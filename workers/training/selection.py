"""What dev decides: how good a network is, and how much each product modality counts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from app.types import Modality
from workers.alignment.artifact import Alignment
from workers.alignment.card import AlignmentCard, Shares
from workers.alignment.network import AlignmentNetwork
from workers.encodings import Encodings
from workers.evaluation.judged import JudgedSet
from workers.evaluation.judging import ALL, BOTH, Batch, batches, judge, judge_batch
from workers.evaluation.matrix import Group, groups
from workers.evaluation.metrics import reciprocal_rank
from workers.evaluation.scoring import Floats
from workers.transcripts import Transcripts

DEV = "val"
TEXT_SHARES = (0.2, 0.35, 0.5, 0.65, 0.8)  # of text beside picture, tried on dev
TRANSCRIPT_SHARES = (0.5, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9)  # tried on dev, the first if there is nothing to try
WORDS_WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0)  # tried on dev, the first if there is nothing to try
SPEECH_SHARE = 0.25  # of a product's recordings, which few products have


def dev_groups(judged: Sequence[JudgedSet], encodings: Encodings, alignment: Alignment) -> list[Group]:
    """The queries of every set's dev split by modality, against each product modality but speech, and all."""
    found = [group for each in judged for group in groups(judge(each, DEV, encodings, alignment))]
    return [group for group in found if not group.kind and not group.lang and group.against != Modality.SPEECH]


def dev_score(
    judged: Sequence[JudgedSet], encodings: Encodings, network: AlignmentNetwork, card: AlignmentCard
) -> float:
    """The mean MRR over sets, query modalities and product modalities: no large set outweighs a small one."""
    found = dev_groups(judged, encodings, Alignment(network, card))
    return float(np.mean([group.mean("MRR") for group in found])) if found else 0.0


def even_shares() -> Shares:
    """Every modality of a product counts alike."""
    return {query: dict.fromkeys(Modality, 1.0) for query in Modality}


def choose_transcript_share(
    judged: Sequence[JudgedSet], encodings: Encodings, alignment: Alignment, transcripts: Transcripts
) -> float:
    """The share of a recording's weight for its transcript that has the best MRR on dev's recordings, between 0 and 1.

    Recordings are compared with all that products have; each set counts alike.
    """
    spoken = _asked_by(judged, Modality.SPEECH)
    tried = {share: alignment.with_transcript_share(share) for share in TRANSCRIPT_SHARES}
    found = {share: _against_all(spoken, BOTH, encodings, each, transcripts) for share, each in tried.items()}
    return max(TRANSCRIPT_SHARES, key=lambda share: mean_of_sets(found[share]))


def choose_words_weight(judged: Sequence[JudgedSet], encodings: Encodings, alignment: Alignment) -> float:
    """The lowest weight of words beside the cosine that dev's texts cannot tell from the best one, not below zero.

    Texts are compared with all that products have; each set counts alike. Words of other trades and languages than
    dev's are rarer in a catalogue, so that a weight that is just enough is the safer one.
    """
    typed = _asked_by(judged, Modality.TEXT)
    tried = {weight: alignment.with_words_weight(weight) for weight in WORDS_WEIGHTS}
    found = {weight: _against_all(typed, Modality.TEXT, encodings, each) for weight, each in tried.items()}
    best = max(WORDS_WEIGHTS, key=lambda weight: mean_of_sets(found[weight]))
    return next(weight for weight in WORDS_WEIGHTS if no_worse(found[weight], found[best]))


def _asked_by(judged: Sequence[JudgedSet], modality: Modality) -> list[JudgedSet]:
    """The sets with their queries of one modality, those that have such a query on dev."""
    own = [replace(each, queries=tuple(q for q in each.queries if q.modality is modality)) for each in judged]
    return [each for each in own if each.of_split(DEV)]


def _against_all(
    judged: Sequence[JudgedSet],
    by: str,
    encodings: Encodings,
    alignment: Alignment,
    transcripts: Transcripts | None = None,
) -> list[Floats]:
    """For each set, (queries,) reciprocal ranks on dev against all that products have."""
    found = [judge(each, DEV, encodings, alignment, transcripts=transcripts) for each in judged]
    ranks = [[reciprocal_rank(own.ranks) for own in each if (own.by, own.against) == (by, ALL)] for each in found]
    return [np.array(own, dtype=np.float32) for own in ranks if own]


def choose_shares(
    judged: Sequence[JudgedSet], encodings: Encodings, network: AlignmentNetwork, card: AlignmentCard
) -> Shares:
    """For each query modality, the share of product texts beside product pictures that dev can justify.

    Among the shares that dev cannot tell from the best one, within one standard error of the difference, the one that
    leans most on products' vectors of the query's own kind: those are near each other by what the encoders have seen
    of the world, the others only by the pairs of training. Recordings learn from texts, and lean on those.

    Source:
        The one-standard-error rule: Breiman, Friedman, Olshen and Stone, 1984, "Classification and Regression Trees".
    """
    plain = Alignment(network, card)
    dev = [list(batches(each, DEV, encodings, plain)) for each in judged]
    tried: dict[float, dict[Modality, list[Floats]]] = {}
    for share in TEXT_SHARES:
        shares = {query: _shares(share) for query in Modality}
        tried[share] = _ranks(dev, encodings, Alignment(network, replace(card, shares=shares)))
    return {query: _shares(_leaning({share: by[query] for share, by in tried.items()}, query)) for query in Modality}


def _ranks(sets: Sequence[Sequence[Batch]], encodings: Encodings, alignment: Alignment) -> dict[Modality, list[Floats]]:
    """For each query modality and each set that has such queries, (queries,) reciprocal ranks against all."""
    found: dict[Modality, list[Floats]] = {query: [] for query in Modality}
    for each in sets:
        ranked = (own for batch in each for own in judge_batch(batch, encodings, alignment))
        judgements = [own for own in ranked if own.against == ALL]
        for query, per_query in found.items():
            ranks = [reciprocal_rank(own.ranks) for own in judgements if own.query.modality == query]
            if ranks:
                per_query.append(np.array(ranks, dtype=np.float32))
    return found


def _leaning(tried: Mapping[float, Sequence[Floats]], query: Modality) -> float:
    best = max(tried, key=lambda share: mean_of_sets(tried[share]))
    candidates = [share for share, ranks in tried.items() if no_worse(ranks, tried[best])]
    return min(candidates) if query is Modality.IMAGE else max(candidates)


def mean_of_sets(ranks: Sequence[Floats]) -> float:
    """Of the sets' means: no large set outweighs a small one."""
    return float(np.mean([own.mean() for own in ranks])) if ranks else 0.0


def no_worse(ranks: Sequence[Floats], best: Sequence[Floats]) -> bool:
    """Whether the same queries' ranks are within a standard error of the best ones."""
    differences = [theirs - own for theirs, own in zip(best, ranks, strict=True)]
    variances = [own.var() / len(own) for own in differences]  # of each set's mean
    return mean_of_sets(differences) <= math.sqrt(sum(variances)) / max(1, len(variances))


def _shares(text: float) -> dict[Modality, float]:
    return {Modality.TEXT: text, Modality.IMAGE: 1 - text, Modality.SPEECH: SPEECH_SHARE}
