"""Where the encoders run."""

from functools import cache

import torch


def choose(name: str = "auto") -> torch.device:
    """The device of this name; `auto` is the first CUDA device if there is one, else the CPU."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)


def dtype_of(device: torch.device) -> torch.dtype:
    """What the weights are held in: bfloat16 on a GPU, float32 on a CPU."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


@cache
def multiplies_halves() -> bool:
    """Whether this CPU multiplies bfloat16 by itself: others take longer than for float32."""
    found = torch.cpu.get_capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))


def moved(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor of the CPU on a device. To a GPU it goes from pinned memory, and this process goes on meanwhile."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)
