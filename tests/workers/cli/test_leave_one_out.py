import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from tests.workers.pictures import noise
from tests.workers.training.sets import judged_set
from workers.cli.leave_one_out import BOTH, NAMES, PAIRS, leave_one_out
from workers.training.pair_sets import SMALLEST


def _run(*options: str) -> Result:
    return CliRunner().invoke(leave_one_out, [*options, "--steps", "2", "--threads", "1"])


def _set(folder: Path, seed: int) -> Path:
    folder.mkdir()
    judged_set(folder)
    with (folder / "catalogue.jsonl").open("a", encoding="utf-8") as catalogue:
        for number in range(SMALLEST):
            Image.fromarray(noise(40, 40, seed=seed + number)).save(folder / f"{number}.png")
            row = {"id": str(number), "title": f"Thing {number}", "images": [f"{number}.png"], "split": "train"}
            catalogue.write(json.dumps(row) + "\n")
    return folder


def test_each_set_is_searched_by_what_the_others_teach(tmp_path: Path) -> None:
    first, second = _set(tmp_path / "first", 100), _set(tmp_path / "second", 200)
    written = tmp_path / "table.json"
    run = _run("--data", str(first), "--data", str(second), "--cache", str(tmp_path / "cache"), "--json", str(written))
    assert run.exit_code == 0, (run.output, run.exception)
    rows = json.loads(written.read_text())
    assert [row["left_out"] for row in rows] == ["first", "second"]
    for row in rows:
        assert {way: 0 <= row[way]["MRR"] <= 1 for way in (PAIRS, NAMES, BOTH)} == dict.fromkeys(
            (PAIRS, NAMES, BOTH), True
        )
    assert "left out" in run.output


@pytest.mark.parametrize("count", [0, 1])
def test_one_set_cannot_be_left_out(tmp_path: Path, count: int) -> None:
    run = _run(*(["--data", str(_set(tmp_path / "only", 1))] * count))
    assert run.exit_code == 2
    assert "--data" in run.output
