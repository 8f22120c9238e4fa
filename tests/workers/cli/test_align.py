import json
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from app.errors import JudgedSetInvalid
from app.types import Modality
from tests.workers.pictures import noise
from tests.workers.training.sets import judged_set
from workers.alignment.artifact import load_alignment
from workers.cli import align
from workers.encoders.registry import default_cards
from workers.training.loop import TrainingSettings
from workers.training.pairs import SMALLEST

FEW_STEPS = partial(TrainingSettings, language_steps=2, speech_steps=2, fusion_steps=2)


OPTIONS = ("--steps", "2", "--no-synthetic", "--dictionary", "0", "--threads", "1")


def _train(folder: Path) -> Result:
    files = ["--data", str(folder), "--out", str(folder / "out"), "--cache", str(folder / "cache")]
    return CliRunner().invoke(align.align, ["train", *files, *OPTIONS])


def _add_products(folder: Path, count: int) -> None:
    """Adds products to the train split, each with a picture."""
    with (folder / "catalogue.jsonl").open("a", encoding="utf-8") as catalogue:
        for number in range(count):
            Image.fromarray(noise(40, 40, seed=100 + number)).save(folder / f"{number}.png")
            row = {"id": str(number), "title": f"Thing {number}", "images": [f"{number}.png"], "split": "train"}
            catalogue.write(json.dumps(row) + "\n")


def test_training_writes_an_artifact_that_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(align, "TrainingSettings", FEW_STEPS)
    judged_set(tmp_path)
    _add_products(tmp_path, 2 * SMALLEST)
    run = _train(tmp_path)
    assert run.exit_code == 0, (run.output, run.exception)
    assert "dev MRR" in run.output
    assert "Wrote" in run.output
    curve = ElementTree.parse(tmp_path / "out" / "training.svg")
    assert curve.getroot().tag.endswith("svg")
    card = load_alignment(tmp_path / "out", default_cards()).card
    assert card.training["settings"]["steps"] == 2
    assert 0 < card.transcript_share < 1
    assert set(card.mixing) == {frozenset({Modality.TEXT, Modality.IMAGE})}  # of which dev has a query
    assert f"text+image is ranked by {card.mixing[frozenset({Modality.TEXT, Modality.IMAGE})]}" in run.output


def test_a_set_with_too_little_to_learn_from_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(align, "TrainingSettings", FEW_STEPS)
    judged_set(tmp_path)
    run = _train(tmp_path)
    assert isinstance(run.exception, JudgedSetInvalid)
    assert "too little to learn from" in run.exception.detail
    assert not (tmp_path / "out").exists()
