import json
import re
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image
from rich.progress import Progress

from app.errors import CheckpointInvalid, JudgedSetInvalid
from app.types import Modality
from tests.workers.pictures import noise
from tests.workers.training.sets import judged_set
from workers.alignment.artifact import load_alignment
from workers.alignment.card import AlignmentCard
from workers.cli import align, align_run
from workers.encoders.registry import default_cards
from workers.training.checkpoint import NAME
from workers.training.pair_sets import SMALLEST
from workers.training.settings import TrainingSettings

FEW_STEPS = partial(TrainingSettings, language_steps=2, speech_steps=2, fusion_steps=2)


OPTIONS = ("--steps", "2", "--no-synthetic", "--dictionary", "0", "--threads", "1")


def train_on(folder: Path, *options: str) -> Result:
    # One cache for all tests, which have much the same contents.
    files = ["--data", str(folder), "--out", str(folder / "out"), "--cache", str(folder.parent / "cache")]
    return CliRunner().invoke(align.align, ["train", *files, *OPTIONS, *options])


def add_products(folder: Path, count: int) -> None:
    """Adds products to the train split, each with a picture."""
    with (folder / "catalogue.jsonl").open("a", encoding="utf-8") as catalogue:
        for number in range(count):
            Image.fromarray(noise(40, 40, seed=100 + number)).save(folder / f"{number}.png")
            row = {"id": str(number), "title": f"Thing {number}", "images": [f"{number}.png"], "split": "train"}
            catalogue.write(json.dumps(row) + "\n")


def test_training_writes_an_artifact_that_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(align, "TrainingSettings", FEW_STEPS)
    judged_set(tmp_path)
    add_products(tmp_path, 2 * SMALLEST)
    run = train_on(tmp_path, "--loss", "image-text=both", "--loss", "text-text=triplet")
    assert run.exit_code == 0, (run.output, run.exception)
    assert "dev MRR" in run.output
    assert "Wrote" in run.output
    curve = ElementTree.parse(tmp_path / "out" / "training.svg")
    assert curve.getroot().tag.endswith("svg")
    card = load_alignment(tmp_path / "out", default_cards()).card
    assert card.training["settings"]["steps"] == 2
    losses = card.training["settings"]["losses"]
    assert (losses["text-image"], losses["text-text"], losses["text-speech"]) == ("both", "triplet", "both")
    assert 0 < card.transcript_share < 1
    assert set(card.mixing) == {frozenset({Modality.TEXT, Modality.IMAGE})}  # of which dev has a query
    assert f"text+image is ranked by {card.mixing[frozenset({Modality.TEXT, Modality.IMAGE})]}" in run.output


def test_a_set_with_too_little_to_learn_from_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(align, "TrainingSettings", FEW_STEPS)
    judged_set(tmp_path)
    run = train_on(tmp_path)
    assert isinstance(run.exception, JudgedSetInvalid)
    assert "too little to learn from" in run.exception.detail
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("choice", "problem"),
    [
        ("text-image=hinge", "no loss; there are info_nce, triplet, both"),
        ("text-image", "no loss"),
        ("text-smell=triplet", "no pair of modalities; there are text-text, text-image"),
        ("triplet", "no pair of modalities"),
    ],
)
def test_a_loss_that_there_is_not_is_said_with_those_that_there_are(tmp_path: Path, choice: str, problem: str) -> None:
    judged_set(tmp_path)
    run = train_on(tmp_path, "--loss", choice)
    assert run.exit_code == 2
    assert problem in " ".join(run.output.split())


def _stop_at(monkeypatch: pytest.MonkeyPatch, look: int) -> None:
    """Presses Ctrl-C while dev is looked at for the so many-th time."""
    looks, real = list[int](), align_run.dev_score

    def dev_score(*given: Any) -> float:
        looks.append(1)
        if len(looks) == look:
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(align_run, "dev_score", dev_score)


def test_an_interrupted_training_is_gone_on_with_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(align, "TrainingSettings", partial(FEW_STEPS, check_every=1))
    judged_set(tmp_path)
    add_products(tmp_path, SMALLEST)
    out = tmp_path / "out"
    with monkeypatch.context() as stopped:
        _stop_at(stopped, look=2)
        run = train_on(tmp_path)
    assert run.exit_code == 1
    assert "The same command with --resume goes on" in run.output
    assert [path.name for path in out.iterdir()] == [NAME]
    for options in (("--seed", "1"), ("--encoders", "mfcc")):
        other = train_on(tmp_path, "--resume", *options)
        assert isinstance(other.exception, CheckpointInvalid)
        assert "other data, settings or encoders" in other.exception.detail
    assert train_on(tmp_path, "--resume").exit_code == 0
    assert not (out / NAME).exists()
    resumed = AlignmentCard.read(out / "card.json")
    assert train_on(tmp_path).exit_code == 0
    assert AlignmentCard.read(out / "card.json").sha256 == resumed.sha256
    assert len(resumed.training["dev"]) == 2
    again = train_on(tmp_path, "--resume")
    assert isinstance(again.exception, CheckpointInvalid)
    assert "has no checkpoint" in again.exception.detail


def test_without_a_checkpoint_nothing_is_encoded_before_it_says_so(tmp_path: Path) -> None:
    judged_set(tmp_path)
    cache = tmp_path / "cache"
    run = train_on(tmp_path, "--resume", "--cache", str(cache))
    assert isinstance(run.exception, CheckpointInvalid)
    assert "has no checkpoint" in run.exception.detail
    assert not cache.exists()


def test_a_training_stopped_before_its_first_checkpoint_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(align, "TrainingSettings", FEW_STEPS)
    judged_set(tmp_path)
    add_products(tmp_path, SMALLEST)
    _stop_at(monkeypatch, look=1)
    run = train_on(tmp_path)
    assert run.exit_code == 1
    assert "Nothing is kept yet" in run.output


def test_the_progress_bar_says_the_loss_and_what_dev_was_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(align, "TrainingSettings", partial(FEW_STEPS, check_every=1))
    said, update = list[str](), Progress.update

    def spy(progress: Progress, task: Any, **given: Any) -> None:
        said.append(given.get("description", ""))
        update(progress, task, **given)

    monkeypatch.setattr(Progress, "update", spy)
    judged_set(tmp_path)
    add_products(tmp_path, SMALLEST)
    assert train_on(tmp_path).exit_code == 0
    first, second = (text for text in said if text.startswith("training heads"))
    assert re.fullmatch(r"training heads, loss \d+\.\d\d", first)
    assert re.fullmatch(r"training heads, loss \d+\.\d\d, dev MRR 0\.\d{4}", second)


@pytest.mark.parametrize("options", [("--resume",), ("--views", "1"), ("--recording-views", "1"), ("--unfreeze", "1")])
def test_what_a_catalogue_is_not_fitted_with_is_refused(options: tuple[str, ...]) -> None:
    run = CliRunner().invoke(align.align, ["train", "--catalogue", "shop", *options])
    assert run.exit_code == 2
    assert "go with --data" in " ".join(run.output.split())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    judged_set(tmp_path)
    run = train_on(tmp_path, "--device", "cuda")
    assert run.exit_code == 2
    assert "no CUDA device" in " ".join(run.output.split())
