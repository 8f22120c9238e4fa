"""Alignments that need no training."""

from collections.abc import Mapping

import torch

from app.types import Modality
from workers.alignment.artifact import Alignment
from workers.alignment.card import AlignmentCard, Shares
from workers.alignment.mixing import Mixing, Mixture
from workers.alignment.network import AlignmentNetwork
from workers.encoders.registry import default_cards

EVEN: Shares = {query: dict.fromkeys(Modality, 1.0) for query in Modality}
KNOWN = {Modality.TEXT: 1}


def untrained(dim: int = 512, shares: Shares = EVEN, mixing: Mapping[Mixture, Mixing] | None = None) -> Alignment:
    """One for the default encoders that keeps their own geometry."""
    torch.manual_seed(0)
    cards = default_cards()
    inputs = {modality: card.dim for modality, card in cards.items()}
    segments = {modality: card.segments for modality, card in cards.items()}
    hidden = dict.fromkeys((Modality.TEXT, Modality.IMAGE), 8)
    card = AlignmentCard(
        encoders={modality: card.id for modality, card in cards.items()},
        inputs=inputs,
        segments=segments,
        hidden=hidden,
        known=KNOWN,
        classifier=None,
        ready=True,
        dim=dim,
        shares=shares,
        transcript_share=0.5,
        words_weight=0.1,
        sha256="",
        mixing=mixing or {},
    )
    return Alignment(AlignmentNetwork(inputs, segments, hidden, KNOWN, dim), card)
