"""The two sides that the re-rank looks at: tokens of the parts of a query, and tokens of candidates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from app.types import Modality
from workers.alignment.rerank_head import Attended, RerankHead, kind_of
from workers.alignment.tokens import Floats


@dataclass(frozen=True)
class Side:
    """The tokens of a part of the query, or of a candidate; the whole of a content comes before its tokens."""

    vectors: Tensor  # (n, token_dim) unit length
    kinds: Tensor  # (n,) what the head takes each for

    @classmethod
    def of(cls, modality: Modality, whole: Floats, tokens: Floats) -> Self:
        """Of one content: (token_dim,) and (tokens, token_dim)."""
        vectors = torch.cat([torch.from_numpy(whole)[None], torch.from_numpy(tokens)])
        kinds = torch.full((len(vectors),), kind_of(modality, whole=False))
        kinds[0] = kind_of(modality, whole=True)
        return cls(vectors, kinds)

    @classmethod
    def joined(cls, contents: Sequence["Side"]) -> Self:
        """Of several contents."""
        return cls(torch.cat([each.vectors for each in contents]), torch.cat([each.kinds for each in contents]))


def padded(sides: Sequence[Side]) -> tuple[Tensor, Tensor, Tensor]:
    """(sides, longest, token_dim) vectors, (sides, longest) kinds, and False where padded."""
    vectors = nn.utils.rnn.pad_sequence([side.vectors for side in sides], batch_first=True)
    kinds = nn.utils.rnn.pad_sequence([side.kinds for side in sides], batch_first=True)
    lengths = torch.tensor([len(side.kinds) for side in sides])
    return vectors, kinds, torch.arange(vectors.shape[1]) < lengths[:, None]


def look(head: RerankHead, parts: Sequence[Side], candidates: tuple[Tensor, Tensor, Tensor]) -> Attended:
    """Each part of one query before all candidates, as `padded` gives them, in one forward pass: parts are a batch."""
    query, query_kinds, query_mask = padded(parts)
    tokens, kinds, mask = (each[None].expand(len(parts), *each.shape) for each in candidates)
    found: Attended = head(query, query_kinds, query_mask, tokens, kinds, mask)
    return found
