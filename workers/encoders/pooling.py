"""What several encoders pool their states by."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.encoders.base import Pooled, States


def mean(states: States) -> Pooled:
    """The mean over the steps that count: (batch, width) float32."""
    weights = states.mask[..., None].float()
    pooled: Pooled = ((states.hidden.float() * weights).sum(1) / weights.sum(1)).cpu().numpy()
    return pooled


def segments(states: States, count: int, shortest: int) -> Pooled:
    """The means of equal segments of each recording's steps, side by side: (batch, count width) float32."""
    lengths = states.mask.sum(1).tolist()
    rows = zip(states.hidden, lengths, strict=True)
    means = [segment_means(row[:length].float(), count, shortest) for row, length in rows]
    pooled: Pooled = torch.stack(means).cpu().numpy()
    return pooled


def segment_means(steps: Tensor, count: int, shortest: int) -> Tensor:
    """The means of up to `count` segments of at least `shortest` steps: (steps, width) to (count width,).

    They are equally long; behind the last one are zeros.
    """
    used = min(count, max(1, len(steps) // shortest))
    means = torch.stack([segment.mean(0) for segment in torch.tensor_split(steps, used)])
    return functional.pad(means, (0, 0, 0, count - used)).flatten()
