"""How heads run on a device: in bfloat16 on a GPU, as they are on a CPU."""

import torch
from torch import Tensor, nn

CPU = torch.device("cpu")


def through(head: nn.Module, outputs: Tensor) -> Tensor:
    """(batch, inputs) outputs to the head's (batch, dim) float32; on a GPU its matrices are multiplied in bfloat16."""
    device = outputs.device.type
    with torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda"):
        vectors: Tensor = head(outputs)
    return vectors.float()
