"""What `align train --data` makes of judged sets that lack something."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.errors import JudgedSetInvalid
from tests.workers.cli.test_align import FEW_STEPS, add_products, train_on
from tests.workers.training.sets import judged_set
from workers.alignment.card import AlignmentCard
from workers.cli import align
from workers.cli.align_sources import FEWEST_KEPT
from workers.training.families import DEV_SHARE
from workers.training.pair_sets import SMALLEST

COUNT = SMALLEST + 10
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A judged set with enough to learn from."""
    monkeypatch.setattr(align, "TrainingSettings", FEW_STEPS)
    judged_set(tmp_path)
    add_products(tmp_path, COUNT)
    return tmp_path


def _change(path: Path, change: Change) -> None:
    """Changes every row of a file."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        change(row)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _refused(folder: Path, *options: str) -> str:
    """What training says as it refuses."""
    run = train_on(folder, *options)
    assert isinstance(run.exception, JudgedSetInvalid), (run.output, run.exception)
    assert not (folder / "out").exists()
    return run.exception.detail


def test_a_missing_and_an_unreadable_picture_are_said_and_left_out(folder: Path) -> None:
    (folder / "3.png").unlink()
    (folder / "4.png").write_bytes(b"no picture")
    run = train_on(folder)
    assert run.exit_code == 0, (run.output, run.exception)
    said = [line for line in run.output.splitlines() if line.startswith("left out: ")]
    assert said[0].endswith("3.png is missing")
    assert "4.png" in said[1]
    pairs = AlignmentCard.read(folder / "out" / "card.json").training["pairs"]
    assert pairs[f"{folder.name} text-image"] == COUNT - 2 + 3  # and the shirt, by its two names and a query


def test_an_id_that_stands_twice_is_an_error(folder: Path) -> None:
    path = folder / "catalogue.jsonl"
    path.write_text(path.read_text() + json.dumps({"id": "3", "title": "Another"}) + "\n")
    assert "'3' stands twice" in _refused(folder)


@pytest.mark.parametrize("dictionary", ["0", "100"])
def test_an_empty_train_split_is_an_error_whatever_else_is_learnt_from(folder: Path, dictionary: str) -> None:
    for name in ("catalogue", "queries"):
        _change(folder / f"{name}.jsonl", lambda row: row.update(split="val"))
    assert "too little to learn from in the train split" in _refused(folder, "--dictionary", dictionary)


@pytest.mark.parametrize("dictionary", ["0", "100"])
def test_texts_alone_are_an_error_whatever_else_is_learnt_from(folder: Path, dictionary: str) -> None:
    _change(folder / "catalogue.jsonl", lambda row: row.pop("images"))
    assert "no two modalities stand side by side" in _refused(folder, "--dictionary", dictionary)


def test_three_products_are_an_error_whatever_else_is_learnt_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(align, "TrainingSettings", FEW_STEPS)
    judged_set(tmp_path)
    assert "too little to learn from" in _refused(tmp_path, "--dictionary", "100")


def test_without_a_split_val_products_of_train_are_kept_apart(folder: Path) -> None:
    for name in ("catalogue", "queries"):
        _change(folder / f"{name}.jsonl", lambda row: row.update(split="train"))
    run = train_on(folder)
    assert run.exit_code == 0, (run.output, run.exception)
    card = AlignmentCard.read(folder / "out" / "card.json")
    products = COUNT + 3
    kept = round(DEV_SHARE * products)
    assert f"{kept} products of train are kept apart to judge by" in run.output
    assert ("hardly tell" in run.output) == (kept < FEWEST_KEPT)
    texts = [len(json.loads(line).get("titles", {})) for line in (folder / "catalogue.jsonl").read_text().splitlines()]
    most = products - kept + sum(texts) + 1 + 3  # names, the lamp's description, and queries
    assert products - kept <= card.training["pairs"][f"{folder.name} text-image"] <= most
    assert 0 < card.training["dev"][-1]["dev"] <= 1
