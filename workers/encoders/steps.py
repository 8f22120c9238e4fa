"""Sequences of different lengths: cut into windows before a forward pass, padded into a batch after it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from workers.encoders.base import States


def windows_of(content: Tensor, longest: int) -> tuple[Tensor, ...]:
    """The content, (length, …), in as few windows as will do, all of about one length."""
    count = -(-len(content) // longest)
    return torch.tensor_split(content, count)


def padded(steps: Sequence[Tensor]) -> States:
    """The steps of several contents, (steps, width) each, as one batch."""
    lengths = torch.tensor([len(one) for one in steps], device=steps[0].device)
    hidden = nn.utils.rnn.pad_sequence(list(steps), batch_first=True)  # (batch, steps, width)
    return States(hidden, torch.arange(hidden.shape[1], device=hidden.device) < lengths[:, None])
