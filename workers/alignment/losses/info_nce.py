"""The contrastive loss of text and picture, in both directions."""

import torch
from torch import Tensor
from torch.nn import functional


def info_nce(left: Tensor, right: Tensor, same: Tensor, temperature: Tensor | float) -> Tensor:
    """Cross entropy of finding each row's partner among all rows of the other side, both ways, averaged.

    What is the same thing (same title, same picture) is never a negative.

    Args:
        left: (batch, dim) unit length.
        right: (batch, dim) unit length; row i belongs to row i of `left`.
        same: (batch, batch) bool, whether row i of `left` is the same thing as row j of `right`.
        temperature: above 0; similarities are divided by it.

    Returns:
        A scalar; zero, with a gradient, for an empty batch.

    Source:
        van den Oord et al., 2018, "Representation Learning with Contrastive Predictive Coding" (arXiv 1807.03748);
        symmetric form: Radford et al., 2021 (arXiv 2103.00020).
    """
    if len(left) == 0:
        return left.sum() + right.sum()
    logits = left @ right.T / temperature  # (batch, batch)
    others = same & ~torch.eye(len(left), dtype=torch.bool, device=left.device)
    logits = logits.masked_fill(others, -torch.inf)
    target = torch.arange(len(left), device=left.device)
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2
