import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import WeightsInvalid
from tests.workers.encoders import checkpoints
from workers.encoders.checkpoint import local_checkpoint, weight_files

COMMIT = "0123456789abcdef0123456789abcdef01234567"
BY_ITS_ID = """
from app.types import Modality
from workers.encoders import registry
from workers.encoders.choice import cards_named, cards_of
cards = cards_of({Modality.TEXT: "shop/small-bert"})
again = cards_named({modality: card.id for modality, card in cards.items()}, {})
card = cards[Modality.TEXT]
print(card.id, cards == again, registry.load(card, "cpu").encode(["red shoe"]).shape)
"""
ELSEWHERE = """
from app.errors import WeightsInvalid
from app.types import Modality
from workers.encoders.choice import cards_of
try:
    cards_of({Modality.TEXT: "shop/another-bert"})
except WeightsInvalid as error:
    print(error.detail)
"""


def test_the_revision_is_the_digest_of_the_weights(tmp_path: Path) -> None:
    folder = checkpoints.bert(tmp_path / "my bert@home")
    checkpoint = local_checkpoint(folder)
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert (checkpoint.revision, checkpoint.source) == (digest[:12], str(folder))
    assert checkpoint.name == "my-bert-home"
    assert checkpoint.config["hidden_size"] == 32


def test_weights_in_several_files_are_all_read(tmp_path: Path) -> None:
    for name, content in (("a", b"1"), ("b", b"2")):
        (tmp_path / f"model-{name}.safetensors").write_bytes(content)
    index = {"weight_map": {"x": "model-b.safetensors", "y": "model-a.safetensors", "z": "model-b.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert local_checkpoint(tmp_path).revision == hashlib.sha256(b"12").hexdigest()[:12]
    (tmp_path / "model-b.safetensors").unlink()
    with pytest.raises(WeightsInvalid, match=r"lacks model-b\.safetensors"):
        local_checkpoint(tmp_path)


def test_safetensors_come_before_what_is_pickled(tmp_path: Path) -> None:
    for name in ("pytorch_model.bin", "model.safetensors"):
        (tmp_path / name).write_bytes(b"")
    assert weight_files(tmp_path) == (tmp_path / "model.safetensors",)


@pytest.mark.parametrize("names", [[], ["notes.txt"], ["one.pth", "two.pth"], ["config.json", "one.pth"]])
def test_a_folder_without_weights_says_what_it_lacks(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(WeightsInvalid, match="holds no weights"):
        local_checkpoint(tmp_path)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no weights")
    with pytest.raises(WeightsInvalid, match="neither a folder nor a file of tensors"):
        local_checkpoint(tmp_path / "notes.txt")


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_configuration_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(WeightsInvalid, match=r"config\.json"):
        _ = local_checkpoint(tmp_path).config


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hub's cache as a download leaves it, with one repository."""
    cache = tmp_path_factory.mktemp("hub")
    repository = cache / "models--shop--small-bert"
    folder = checkpoints.bert(repository / "snapshots" / COMMIT)
    shutil.rmtree(folder / "refs", ignore_errors=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    return cache


def _offline(script: str, cache: Path) -> str:
    environ = {**os.environ, "HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_a_repository_is_known_by_its_commit_and_loads(hub: Path) -> None:
    assert _offline(BY_ITS_ID, hub) == f"shop/small-bert@{COMMIT} True (1, 32)"


def test_where_the_hub_is_out_of_reach_a_local_folder_is_asked_for(hub: Path) -> None:
    said = _offline(ELSEWHERE, hub)
    assert "shop/another-bert cannot be fetched from the hub" in said
    assert "local folder" in said
