"""What the numbers of the shared space's vectors are for."""

from typing import NamedTuple, Self

import torch
from torch import Tensor
from torch.nn import functional

LEARNED_WEIGHT = 1.5  # of what pairs taught, beside what is known without them


class Layout(NamedTuple):
    """The three parts of a vector, side by side."""

    meaning: int  # what a text says; what a picture shows, in words
    looks: int  # how a picture looks; zero in texts, so that neither disturbs the other
    learned: int  # what pairs taught; begins as some numbers of the meaning, and the looks

    @classmethod
    def of(cls, dim: int) -> Self:
        """The parts of vectors of this length: half, an eighth, and the rest."""
        return cls(dim // 2, dim // 8, dim - dim // 2 - dim // 8)

    def known(self, meaning: Tensor, looks: Tensor) -> Tensor:
        """(batch, learned): what the learned part is where pairs taught nothing.

        So two contents that training never saw are as similar as their meaning and looks say, and neither has less
        weight in a ranking than one that training knows.
        """
        # Texts differ most by their language, along the first axes: beside others they would count twice.
        first = self.meaning // 64
        own = meaning[:, first : first + self.learned - self.looks]
        return torch.cat([functional.normalize(own, dim=1), looks], dim=1)


def join(meaning: Tensor, looks: Tensor, learned: Tensor) -> Tensor:
    """Unit vectors of their parts.

    Args:
        meaning: (batch, layout.meaning).
        looks: (batch, layout.looks); its length beside that of the meaning is how much it counts.
        learned: (batch, layout.learned); only its direction counts.

    Returns:
        (batch, dim) unit length; the shares of what is known and of what is learned are the same in all vectors.
    """
    known = functional.normalize(torch.cat([meaning, looks], dim=1), dim=1)
    return functional.normalize(torch.cat([known, LEARNED_WEIGHT * functional.normalize(learned, dim=1)], dim=1), dim=1)
