"""Artifacts as one file each."""

import io
import zipfile
from pathlib import Path

import pytest

from app.errors import ArtifactInvalid
from app.spaces import packing


def _artifact(folder: Path) -> Path:
    folder.mkdir()
    (folder / "card.json").write_text("{}")
    (folder / "alignment.safetensors").write_bytes(b"weights")
    (folder / "training.svg").write_text("<svg/>")
    return folder


def _packed(folder: Path) -> bytes:
    file = io.BytesIO()
    packing.pack(folder, file)
    return file.getvalue()


def test_the_same_artifact_is_the_same_file(tmp_path: Path) -> None:
    first = _packed(_artifact(tmp_path / "one"))
    assert _packed(_artifact(tmp_path / "two")) == first
    target = tmp_path / "target"
    target.mkdir()
    packing.unpack(io.BytesIO(first), target)
    assert {path.name for path in target.iterdir()} == {"card.json", "alignment.safetensors"}
    assert (target / "alignment.safetensors").read_bytes() == b"weights"


def test_a_folder_without_weights_is_no_artifact(tmp_path: Path) -> None:
    folder = _artifact(tmp_path / "one")
    (folder / "alignment.safetensors").unlink()
    with pytest.raises(ArtifactInvalid, match=r"alignment\.safetensors"):
        _packed(folder)


def test_nothing_else_is_unpacked_and_nothing_outside(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name in ("card.json", "alignment.safetensors", "../outside", "/etc/outside", "other.py"):
            packed.writestr(name, "x")
    target = tmp_path / "deep" / "target"
    target.mkdir(parents=True)
    packing.unpack(file, target)
    files = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"card.json", "alignment.safetensors"}


def test_what_would_be_too_large_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(packing, "LARGEST", 3)
    packed = _packed(_artifact(tmp_path / "one"))
    with pytest.raises(ArtifactInvalid, match="larger"):
        packing.check(io.BytesIO(packed))
