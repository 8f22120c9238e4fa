"""The parameter-free attention re-rank: each query vector attends to a candidate's own vectors."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def attend(queries: Floats, candidates: Floats, mask: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """softmax(q·Cᵀ / √d)·C for every query vector and candidate at once, and how near each query is to what it sees.

    The formula takes vectors whose components are about 1 in size, and divides by √d to keep the softmax soft; ours
    have length 1, so both sides are scaled to length √d first, which makes the logits √d times the cosine.

    Args:
        queries: (m, d) unit length.
        candidates: (n, c, d) unit length, zeros where padded.
        mask: (n, c) False where padded; each candidate has at least one vector.

    Returns:
        (n, m) cosines between each query vector and what it attended to; (n, m, c) attention, each row summing to 1.

    Source:
        Vaswani et al., 2017, "Attention Is All You Need", section 3.2.1 (arXiv 1706.03762).
    """
    root = float(np.sqrt(queries.shape[1]))
    logits = root * np.einsum("md,ncd->nmc", queries, candidates)  # (n, m, c)
    logits = np.where(mask[:, None, :], logits, -np.inf)
    attention = np.exp(logits - logits.max(axis=2, keepdims=True))
    attention /= attention.sum(axis=2, keepdims=True)
    attended = np.einsum("nmc,ncd->nmd", attention, candidates)  # (n, m, d)
    lengths = np.linalg.norm(attended, axis=2).clip(min=1e-9)  # (n, m)
    cosines: Floats = np.einsum("md,nmd->nm", queries, attended) / lengths
    return cosines, attention
