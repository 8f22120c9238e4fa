"""The tokens of many contents, for teaching and judging the re-rank."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from app.types import Modality
from workers.alignment.artifact import Alignment
from workers.encodings import Content, Encodings
from workers.rerank.sides import Side

Halves = NDArray[np.float16]
AXES_FROM = 20_000  # tokens

Projected = Mapping[tuple[Modality, Content], Halves]  # (1 + tokens, dim): the whole, then its tokens


def projected_tokens(
    contents: Mapping[Modality, Sequence[Content]], encodings: Encodings, alignment: Alignment
) -> Projected:
    """Contents and their tokens in the shared space; what cannot be read is left out."""
    found: dict[tuple[Modality, Content], Halves] = {}
    for modality, own in contents.items():
        for content, divided in encodings.divide(modality, own):
            outputs = np.concatenate([divided.whole[None], divided.tokens])
            found[modality, content] = alignment.project(modality, outputs).astype(np.float16)
    return found


def principal_axes(projected: Projected, count: int) -> torch.Tensor:
    """The directions along which tokens differ most, (dim, count) orthonormal; of a random sample of them."""
    rows = np.concatenate(list(projected.values()))
    chosen = rows[np.random.default_rng(0).permutation(len(rows))[:AXES_FROM]].astype(np.float32)
    rising = torch.linalg.eigh(torch.from_numpy(chosen.T @ chosen))[1]
    axes: torch.Tensor = rising.flip(1)[:, :count].contiguous()
    return axes


def sides(projected: Projected, alignment: Alignment) -> Mapping[tuple[Modality, Content], Side]:
    """Each content as the re-rank sees it."""
    found = {}
    for (modality, content), rows in projected.items():
        short = alignment.compressed(rows.astype(np.float32))
        found[modality, content] = Side.of(modality, short[0], short[1:])
    return found
