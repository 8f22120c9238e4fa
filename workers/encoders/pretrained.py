"""Loads what transformers reads, from a folder: no code of the checkpoint runs, and no weight is made up."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import AutoModel, PreTrainedModel
from transformers import logging as transformers_logging

from app.errors import WeightsInvalid
from workers.encoders.device import dtype_of

# Parts that a checkpoint may lack: no output depends on them.
UNUSED = ("pooler.", "masked_spec_embed", "position_ids")


def load_model(folder: Path, device: torch.device) -> PreTrainedModel:
    """The network of a checkpoint, ready for inference.

    Raises:
        WeightsInvalid: the weights are damaged, or are not those of the network that `config.json` describes.
    """
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # it has no types
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # the same
    safe = any(folder.glob("*.safetensors"))
    try:
        network, report = AutoModel.from_pretrained(
            folder,
            dtype=dtype_of(device),
            use_safetensors=safe,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, LookupError, ImportError, SafetensorError) as error:
        raise WeightsInvalid(f"{folder} cannot be loaded: {_first_line(error)}") from error
    missing = [name for name in report["missing_keys"] if not any(part in name for part in UNUSED)]
    if missing:
        raise WeightsInvalid(f"{folder} lacks weights that its {network.config.model_type} needs: {missing[0]}, …")
    assert isinstance(network, PreTrainedModel)
    network.to(device)  # type: ignore[arg-type]  # the wrapper around it loses which argument is the first
    network.requires_grad_(requires_grad=False)
    network.train(mode=False)
    return network


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
