"""Dropout that takes one random byte a number."""

import torch
from torch import Tensor, nn

_SMALLEST = -(2**63)  # from which all 64 bits are drawn


class ByteDropout(nn.Module):
    """Dropout, exact to a 256th. `nn.Dropout` draws each number by itself, which is a quarter of a training on a CPU.

    Args:
        share: of the numbers that are dropped in training, below 1.

    Source: Srivastava et al., JMLR 2014, "Dropout".
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.dropped = round(share * 256)  # of 256

    def forward(self, numbers: Tensor) -> Tensor:
        """The numbers, of any shape; in training some are zero and the others larger, so that their mean stays."""
        if not self.training or not self.dropped:
            return numbers
        words = torch.empty(-(-numbers.numel() // 8), dtype=torch.int64, device=numbers.device).random_(_SMALLEST, None)
        kept = words.view(torch.uint8)[: numbers.numel()].view(numbers.shape) >= self.dropped
        return numbers * kept * (256 / (256 - self.dropped))
