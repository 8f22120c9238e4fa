"""The triplet loss of speech with text and picture, with the hardest negatives of the batch."""

import torch
from torch import Tensor


def triplet(anchor: Tensor, positive: Tensor, same: Tensor, margin: float) -> Tensor:
    """Mean of max(0, d(anchor, positive) - d(anchor, negative) + margin) over anchors, d being the cosine distance.

    The negative of an anchor is the row of `positive` nearest to it that is another thing. Anchors without any such
    row count for nothing.

    Args:
        anchor: (batch, dim) unit length.
        positive: (batch, dim) unit length; row i belongs to row i of `anchor`.
        same: (batch, batch) bool, whether row i of `anchor` is the same thing as row j of `positive`; so are i and i.
        margin: how much nearer the positive should be, 0 to 2.

    Returns:
        A scalar; zero, with a gradient, where there is no triplet.

    Source:
        Schroff et al., 2015, "FaceNet" (arXiv 1503.03832); the hardest of a batch: Hermans et al., 2017, "In Defense of
        the Triplet Loss" (arXiv 1703.07737).
    """
    distances = 1 - anchor @ positive.T  # (batch, batch)
    has_negative = (~same).any(1)
    if not bool(has_negative.any()):
        return (anchor.sum() + positive.sum()) * 0
    negative = distances.masked_fill(same, torch.inf).min(1).values
    losses = torch.relu(distances.diagonal() - negative + margin)[has_negative]
    return losses.mean()
