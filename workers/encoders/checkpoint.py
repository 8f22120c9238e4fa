"""Checkpoints that are no package of ours: a folder or file here, or a repository of the hub.

What is needed to name one is read without its weights: `config.json`, and a digest of the weight files or, on the
hub, the commit. Nothing of a checkpoint is ever run as code.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from huggingface_hub import hf_hub_download, snapshot_download

from app.errors import WeightsInvalid

CONFIG = "config.json"
SAFE, PICKLED = "model.safetensors", "pytorch_model.bin"  # transformers' names of weight files, whole
STATES = (".safetensors", ".pth", ".pt", ".bin")  # what a file of tensors may end in
TEXTS = ("*.json", "*.txt", "*.model")  # of a repository: configurations and vocabularies
COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A pretrained encoder's files."""

    source: str  # an absolute path, or the repository's id
    name: str  # the folder's or file's own name, or the repository's id
    revision: str  # first 12 hex digits of the SHA-256 of the weight files, or the commit

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """What `config.json` says; nothing where there is none.

        Raises:
            WeightsInvalid: it cannot be read.
        """
        path = self._config_path()
        if path is None:
            return {}
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise WeightsInvalid(f"{path} cannot be read: {error}.") from error
        if not isinstance(config, dict):
            raise WeightsInvalid(f"{path} is no object of settings.")
        return config

    @property
    def is_local(self) -> bool:
        """Whether it lies here."""
        return Path(self.source).is_absolute()

    def fetched(self) -> Path:
        """The folder (or the file) with everything in it; a repository is downloaded first.

        Raises:
            WeightsInvalid: the hub cannot be reached, or the repository has no weights that are read here.
        """
        if self.is_local:
            return Path(self.source)
        try:
            folder = self._download("model*.safetensors*")
            return folder if (folder / CONFIG).is_file() and _weights(folder) else self._download("pytorch_model*")
        except (OSError, ValueError) as error:
            raise unreachable(self.source) from error

    def _download(self, weights: str) -> Path:
        patterns = [*TEXTS, weights]
        return Path(snapshot_download(self.source, revision=self.revision, allow_patterns=patterns))

    def _config_path(self) -> Path | None:
        if not self.is_local:
            return _hub_config(self.source, self.revision)
        path = Path(self.source) / CONFIG
        return path if path.is_file() else None


def local_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a folder, or in a file of tensors.

    Raises:
        WeightsInvalid: there are no weights.
    """
    path = path.expanduser().resolve()
    digest = hashlib.sha256()
    for weights in weight_files(path):
        with weights.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    name = re.sub(r"[^\w.-]", "-", path.stem if path.is_file() else path.name)
    return Checkpoint(source=str(path), name=name, revision=digest.hexdigest()[:12])


def hub_checkpoint(repository: str, revision: str = "main") -> Checkpoint:
    """The checkpoint in a repository of the hub, at a commit or at what a branch is now.

    Raises:
        WeightsInvalid: the hub cannot be reached, or has no such repository or commit.
    """
    commit = _hub_config(repository, revision).parent.name
    return Checkpoint(source=repository, name=repository, revision=commit)


def weight_files(path: Path) -> tuple[Path, ...]:
    """The weight files of a folder (safetensors if there are any), or the one that is named.

    Raises:
        WeightsInvalid: there are none.
    """
    if path.is_file() and path.suffix in STATES:
        return (path,)
    if not path.is_dir():
        raise WeightsInvalid(f"{path} is neither a folder nor a file of tensors ({', '.join(STATES)}).")
    found = _weights(path)
    if not found:
        raise WeightsInvalid(f"{path} holds no weights: neither {SAFE} nor {PICKLED}, nor one file of tensors alone.")
    return found


def unreachable(repository: str) -> WeightsInvalid:
    """Says what to do where the hub does not give a repository."""
    return WeightsInvalid(
        f"{repository} cannot be fetched from the hub: it is out of reach, or has no such repository or revision."
        " Download it elsewhere and give the local folder instead."
    )


def _weights(folder: Path) -> tuple[Path, ...]:
    for name in (SAFE, PICKLED):
        if (folder / name).is_file():
            return (folder / name,)
        if (folder / f"{name}.index.json").is_file():
            return _shards(folder, folder / f"{name}.index.json")
    alone = [path for path in folder.iterdir() if path.suffix in STATES and path.is_file()]
    return tuple(alone) if len(alone) == 1 and not (folder / CONFIG).is_file() else ()


def _shards(folder: Path, index: Path) -> tuple[Path, ...]:
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise WeightsInvalid(f"{index} does not say which files hold the weights.") from error
    paths = tuple(folder / Path(str(name)).name for name in names)
    if missing := [path.name for path in paths if not path.is_file()]:
        raise WeightsInvalid(f"{folder} lacks {', '.join(missing)}, which {index.name} names.")
    return paths


def _hub_config(repository: str, revision: str) -> Path:
    try:
        return Path(hf_hub_download(repository, CONFIG, revision=revision))
    except (OSError, ValueError) as error:
        raise unreachable(repository) from error
