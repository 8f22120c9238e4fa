"""The layer that BERT and Whisper's encoder share: torch's own, which runs them without a model framework."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn


def layer_stack(
    states: Sequence[Mapping[str, Tensor]], *, heads: int, norm_first: bool, norm_epsilon: float
) -> nn.ModuleList:
    """Transformer encoder layers with GELU, holding these states.

    Args:
        states: for each layer its tensors by torch's names, `self_attn.in_proj_weight` and so on.
        heads: attention heads.
        norm_first: Whisper normalises before attention and feed-forward, BERT after them.
        norm_epsilon: of the layer norms.
    """
    stack = nn.ModuleList()
    for state in states:
        inner, width = state["linear1.weight"].shape
        with torch.device("meta"):  # no random weights are drawn only to be replaced
            layer = nn.TransformerEncoderLayer(
                width,
                heads,
                inner,
                dropout=0.0,
                activation="gelu",
                layer_norm_eps=norm_epsilon,
                batch_first=True,
                norm_first=norm_first,
            )
        layer.load_state_dict(state, assign=True)
        stack.append(layer)
    return stack.requires_grad_(requires_grad=False).eval()
