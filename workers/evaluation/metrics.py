"""Retrieval metrics of one query, from the ranks of its relevant products.

Ranks count from 1 and are those of every relevant product that the index holds, at least one.

Source: Manning, Raghavan and Schütze, 2008, "Introduction to Information Retrieval", chapter 8; nDCG: Järvelin and
Kekäläinen, 2002, "Cumulated gain-based evaluation of IR techniques".
"""

import math
from collections.abc import Sequence


def recall_at(k: int, ranks: Sequence[int]) -> float:
    """1 if any relevant product is within the first k, else 0: Recall@k as cross-modal retrieval reports it.

    Source: Karpathy and Fei-Fei, 2015, "Deep visual-semantic alignments for generating image descriptions".
    """
    return float(any(rank <= k for rank in ranks))


def reciprocal_rank(ranks: Sequence[int]) -> float:
    """1 over the rank of the first relevant product; its mean over queries is MRR."""
    return 1 / min(ranks) if ranks else 0.0


def precision_at(k: int, ranks: Sequence[int]) -> float:
    """Share of the first k that is relevant."""
    return sum(rank <= k for rank in ranks) / k


def ndcg_at(k: int, ranks: Sequence[int]) -> float:
    """Gain of 1 / log2(1 + rank) for each relevant product within the first k, over the most that could be had."""
    gain = sum(1 / math.log2(1 + rank) for rank in ranks if rank <= k)
    ideal = sum(1 / math.log2(1 + rank) for rank in range(1, min(k, len(ranks)) + 1))
    return gain / ideal
