"""Text by a BERT or one of its family: the mean over the last hidden states.

Source: Devlin et al., BERT: Pre-training of Deep Bidirectional Transformers, NAACL 2019 (arXiv 1810.04805).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch
from torch import nn
from transformers import PreTrainedModel

from app.types import EncoderCard, Role
from workers.encoders.base import Encoder, Pooled, Prepared, States
from workers.encoders.device import moved
from workers.encoders.pooling import mean
from workers.encoders.pretrained import load_model
from workers.encoders.token_ids import TokenIds

LONGEST = 128  # tokens


class BertEncoder(Encoder[str]):
    """Text to as many numbers as a hidden state has."""

    budget = 32 * LONGEST

    def __init__(self, network: PreTrainedModel, tokens: TokenIds, card: EncoderCard, device: torch.device) -> None:
        self.network, self.tokens, self.card, self.device = network, tokens, card, device

    @classmethod
    def load(cls, folder: Path, card: EncoderCard, device: torch.device) -> Self:
        """Loads a checkpoint with its tokenizer.

        Raises:
            WeightsInvalid: something is missing or damaged.
        """
        network = load_model(folder, device)
        places = int(getattr(network.config, "max_position_embeddings", LONGEST))
        # RoBERTa counts places from behind the one of padding.
        shortened = 2 if "roberta" in network.config.model_type else 0
        return cls(network, TokenIds(folder, min(LONGEST, places - shortened)), card, device)

    def prepare(self, content: str, role: Role) -> Prepared:  # noqa: ARG002  BERT was taught no roles
        """Token ids of the text."""
        ids, words = self.tokens.read(content)
        return Prepared(torch.tensor(ids), len(ids), words)

    def forward(self, batch: Sequence[Prepared]) -> States:
        """Hidden states of the last layer, (batch, tokens, width)."""
        ids = nn.utils.rnn.pad_sequence(
            [one.tensor for one in batch], batch_first=True, padding_value=self.tokens.padding
        )
        lengths = torch.tensor([one.length for one in batch])
        mask = (torch.arange(ids.shape[1]) < lengths[:, None]).to(self.device)
        found = self.network(input_ids=moved(ids, self.device), attention_mask=mask.long())
        return States(found.last_hidden_state, mask)

    def finish(self, states: States) -> Pooled:
        """The mean over the tokens."""
        return mean(states)
