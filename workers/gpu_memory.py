"""Notes what a process holds of a GPU's memory."""

import torch

from workers.metrics import metrics


def note_gpu_memory() -> None:
    """Of this process, as PyTorch has it; nothing where there is no GPU, or none is used."""
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]  # PyTorch's are half typed
        device = torch.cuda.current_device()
        metrics().gpu_bytes.labels(str(device)).set(torch.cuda.memory_reserved(device))
