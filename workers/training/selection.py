"""What dev decides: how good a network is, and how much each product modality counts."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.types import Modality
from workers.alignment.artifact import Alignment, AlignmentCard, Shares
from workers.alignment.network import AlignmentNetwork
from workers.encodings import Encodings
from workers.evaluation.judged import JudgedSet
from workers.evaluation.matrix import ALL, MatrixRow, judge, rows

DEV = "val"
TEXT_SHARES = (0.2, 0.35, 0.5, 0.65, 0.8)  # of text beside picture, tried on dev
SPEECH_SHARE = 0.25  # of a product's recordings, which few products have


def dev_rows(judged: Sequence[JudgedSet], encodings: Encodings, alignment: Alignment) -> list[MatrixRow]:
    """The matrix of every set's dev split, without the rows by kind and language."""
    found = [row for each in judged for row in rows(judge(each, DEV, encodings, alignment))]
    return [row for row in found if not row.kind and not row.lang and row.against != Modality.SPEECH]


def dev_score(
    judged: Sequence[JudgedSet], encodings: Encodings, network: AlignmentNetwork, card: AlignmentCard
) -> float:
    """The mean MRR over sets, query modalities and product modalities: no large set outweighs a small one."""
    found = dev_rows(judged, encodings, Alignment(network, card))
    return float(np.mean([row.metrics["MRR"] for row in found])) if found else 0.0


def even_shares() -> Shares:
    """Every modality of a product counts alike."""
    return {query: dict.fromkeys(Modality, 1.0) for query in Modality}


def choose_shares(
    judged: Sequence[JudgedSet], encodings: Encodings, network: AlignmentNetwork, card: AlignmentCard
) -> Shares:
    """For each query modality, the share of product texts beside product pictures that dev likes best."""
    scores: dict[Modality, dict[float, float]] = {query: {} for query in Modality}
    for share in TEXT_SHARES:
        shares = {query: _shares(share) for query in Modality}
        found = dev_rows(judged, encodings, Alignment(network, replace(card, shares=shares)))
        for query in Modality:
            together = [row.metrics["MRR"] for row in found if row.against == ALL and row.query == query]
            scores[query][share] = float(np.mean(together)) if together else 0.0
    return {query: _shares(max(tried, key=lambda share: tried[share])) for query, tried in scores.items()}


def _shares(text: float) -> dict[Modality, float]:
    return {Modality.TEXT: text, Modality.IMAGE: 1 - text, Modality.SPEECH: SPEECH_SHARE}
