"""Text and pictures by a network that learnt both together: CLIP, SigLIP and SigLIP 2.

Sources: Radford et al., Learning Transferable Visual Models From Natural Language Supervision, ICML 2021 (arXiv
2103.00020); Zhai et al., Sigmoid Loss for Language Image Pre-Training, ICCV 2023 (arXiv 2303.15343); Tschannen et al.,
SigLIP 2, 2025 (arXiv 2502.14786).
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self, cast

import torch
from PIL import Image
from torch import Tensor
from transformers import AutoImageProcessor, BaseImageProcessor, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

from app.errors import WeightsInvalid
from app.types import EncoderCard, Role
from workers.encoders.base import Encoder, Pooled, Prepared, States
from workers.encoders.centre import Picture
from workers.encoders.device import dtype_of, moved
from workers.encoders.pooling import mean
from workers.encoders.pretrained import load_model
from workers.encoders.token_ids import TokenIds

Features = Callable[..., BaseModelOutputWithPooling]


class ContrastiveTextEncoder(Encoder[str]):
    """Text to the space that it shares with pictures."""

    budget = 32 * 77

    def __init__(self, network: PreTrainedModel, tokens: TokenIds, card: EncoderCard, device: torch.device) -> None:
        self.features = cast(Features, network.get_text_features)
        self.tokens, self.card, self.device = tokens, card, device
        self.fixed = network.config.model_type == "siglip"  # its texts are all padded to one length, and seen as such
        self.longest = int(network.config.text_config.max_position_embeddings)

    @classmethod
    def load(cls, folder: Path, card: EncoderCard, device: torch.device) -> Self:
        """Loads the text half of a checkpoint.

        Raises:
            WeightsInvalid: something is missing or damaged.
        """
        network = load_model(folder, device)
        del network.vision_model
        return cls(network, TokenIds(folder, int(network.config.text_config.max_position_embeddings)), card, device)

    def prepare(self, content: str, role: Role) -> Prepared:  # noqa: ARG002  a text reads the same on both sides
        """Token ids of the text; for SigLIP in lower case, as it learnt, and padded to its one length."""
        ids = self.tokens.filled(content.lower(), self.longest) if self.fixed else self.tokens.ids(content)
        return Prepared(torch.tensor(ids), len(ids))

    def forward(self, batch: Sequence[Prepared]) -> States:
        """The text's one vector, as a single step: (batch, 1, dim)."""
        lengths = torch.tensor([one.length for one in batch])
        rows = [one.tensor for one in batch]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=self.tokens.padding)
        mask = None if self.fixed else (torch.arange(ids.shape[1]) < lengths[:, None]).long().to(self.device)
        found = self.features(input_ids=moved(ids, self.device), attention_mask=mask)
        return _one_step(found.pooler_output)

    def finish(self, states: States) -> Pooled:
        """The one vector."""
        return mean(states)


class ContrastiveImageEncoder(Encoder[Picture]):
    """Pictures to the space that they share with texts."""

    budget = 8

    def __init__(
        self, network: PreTrainedModel, processor: BaseImageProcessor, card: EncoderCard, device: torch.device
    ) -> None:
        self.features = cast(Features, network.get_image_features)
        self.processor, self.card, self.device = processor, card, device

    @classmethod
    def load(cls, folder: Path, card: EncoderCard, device: torch.device) -> Self:
        """Loads the picture half of a checkpoint.

        Raises:
            WeightsInvalid: something is missing or damaged.
        """
        network = load_model(folder, device)
        del network.text_model
        try:
            processor = _image_processor(folder)
        except (OSError, ValueError, ImportError) as error:
            raise WeightsInvalid(f"{folder} does not say how pictures are prepared: {error}") from error
        return cls(network, processor, card, device)

    def prepare(self, content: Picture, role: Role) -> Prepared:  # noqa: ARG002  a picture reads the same on both sides
        """The picture as the checkpoint's own settings want it: (3, height, width) float32."""
        # As a picture of Pillow: of an array it guesses which side the channels are, and three rows look like them.
        found = self.processor(Image.fromarray(content), return_tensors="pt")
        return Prepared(found["pixel_values"][0], 1)

    def forward(self, batch: Sequence[Prepared]) -> States:
        """The picture's one vector, as a single step: (batch, 1, dim)."""
        pixels = moved(torch.stack([one.tensor for one in batch]), self.device).to(dtype_of(self.device))
        return _one_step(self.features(pixel_values=pixels).pooler_output)

    def finish(self, states: States) -> Pooled:
        """The one vector."""
        return mean(states)


def _image_processor(folder: Path) -> BaseImageProcessor:
    found: BaseImageProcessor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]  # it has no types
        folder, local_files_only=True, trust_remote_code=False
    )
    return found


def _one_step(vectors: Tensor | None) -> States:
    assert vectors is not None  # both kinds of network pool
    return States(vectors[:, None], torch.ones(len(vectors), 1, dtype=torch.bool, device=vectors.device))
