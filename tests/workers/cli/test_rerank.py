"""`triseek align rerank`: a head of its own for an artifact, and what it brings."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from app.types import Modality
from tests.workers.training.sets import judged_set
from workers.__main__ import main
from workers.alignment.artifact import DEFAULT, WEIGHTS, load_alignment
from workers.alignment.card import CARD, AlignmentCard
from workers.encoders.registry import default_cards


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    shutil.copytree(DEFAULT, tmp_path / "artifact")
    return tmp_path / "artifact"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A judged set whose split `train` has two products to choose from."""
    folder = tmp_path / "data"
    folder.mkdir()
    judged_set(folder)
    with (folder / "catalogue.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"id": "hat", "title": "Blue hat", "images": ["knife.png"], "split": "train"}) + "\n")
    return folder


def _rerank(data: Path, artifact: Path, *options: str) -> Result:
    command = ["align", "rerank", str(artifact), "--data", str(data), "--cache", str(artifact.parent / "cache")]
    return CliRunner().invoke(main, [*command, *options])


def test_an_artifact_gets_another_head_and_keeps_its_vectors(tmp_path: Path, data: Path, artifact: Path) -> None:
    before = load_alignment(artifact, default_cards())
    run = _rerank(data, artifact, "--steps", "20", "--json", str(tmp_path / "table.json"))
    assert run.exit_code == 0, run.output
    after = load_alignment(artifact, default_cards())
    outputs = np.random.default_rng(0).standard_normal((3, 384)).astype(np.float32)
    np.testing.assert_array_equal(before.project(Modality.TEXT, outputs), after.project(Modality.TEXT, outputs))
    assert before.card.sha256 != after.card.sha256
    axes = after.network.token_axes.numpy()
    np.testing.assert_allclose(axes.T @ axes, np.eye(len(axes[0])), atol=2e-2)
    document = json.loads((tmp_path / "table.json").read_text())
    assert {(row["judged"], row["modality"]) for row in document["rows"]} >= {("data", "text")}
    assert document["trained"]["weights"] == {
        str(modality): weight for modality, weight in after.card.rerank_weights.items()
    }
    assert "nDCG@10 on dev" in run.output


def test_measuring_leaves_the_artifact_as_it_is(data: Path, artifact: Path) -> None:
    files = {name: (artifact / name).read_bytes() for name in (CARD, WEIGHTS)}
    run = _rerank(data, artifact, "--measure")
    assert run.exit_code == 0, run.output
    assert files == {name: (artifact / name).read_bytes() for name in files}
    weight = AlignmentCard.read(artifact / CARD).rerank_weights[Modality.TEXT]
    assert f"text {weight:g}" in run.output


def test_without_anything_to_choose_from_nothing_is_taught(tmp_path: Path, artifact: Path) -> None:
    few = tmp_path / "few"
    few.mkdir()
    judged_set(few)
    weights = (artifact / WEIGHTS).read_bytes()
    run = _rerank(few, artifact)
    assert run.exit_code == 2
    assert "--measure" in run.output
    assert (artifact / WEIGHTS).read_bytes() == weights
