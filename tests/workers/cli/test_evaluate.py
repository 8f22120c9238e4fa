import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.errors import JudgedSetInvalid
from tests.workers.training.sets import judged_set
from workers.alignment.artifact import DEFAULT
from workers.cli.evaluate import evaluate


def _run(folder: Path, *options: str) -> Result:
    judged_set(folder)
    arguments = ["--data", str(folder), "--cache", str(folder / "cache"), "--threads", "1", *options]
    return CliRunner().invoke(evaluate, arguments)


def test_one_run_prints_and_writes_everything(tmp_path: Path) -> None:
    json_file, pages = tmp_path / "matrix.json", tmp_path / "pages"
    files = ["--json", str(json_file), "--html", str(pages)]
    run = _run(tmp_path, "--split", "val", "--mixed", *files, "--against-alignment", str(DEFAULT))
    assert run.exit_code == 0, run.output
    assert "split val: mixed queries" in run.output
    assert "split val: less what" in run.output
    written = json.loads(json_file.read_text(encoding="utf-8"))
    wanted = {"query": "text", "against": "all", "kind": "", "lang": ""}
    (by_text,) = [row for row in written["rows"] if wanted.items() <= row.items()]
    assert by_text["n"] == 2
    low, high = by_text["intervals"]["MRR"]
    assert 0 < low <= by_text["MRR"] <= high <= 1
    assert {each["p"] for row in written["comparison"]["rows"] for each in row["differences"].values()} == {1.0}
    assert [(row["query"], row["way"], row["n"]) for row in written["mixed"]] == [
        ("text+image", way, 1) for way in ("sum", "shared", "mean", "fusion")
    ]
    assert (pages / f"{tmp_path.name}.html").is_file()


def test_mixed_queries_are_only_ranked_if_they_are_asked_for(tmp_path: Path) -> None:
    json_file = tmp_path / "matrix.json"
    assert _run(tmp_path, "--json", str(json_file)).exit_code == 0
    assert "mixed" not in json.loads(json_file.read_text(encoding="utf-8"))


def test_a_split_without_queries_is_named_with_those_that_have_some(tmp_path: Path) -> None:
    run = _run(tmp_path, "--split", "dev")
    assert isinstance(run.exception, JudgedSetInvalid)
    assert "no query of split 'dev', only of train, val" in run.exception.detail


def test_files_that_are_missing_are_counted_and_left_out(tmp_path: Path) -> None:
    run = _run(tmp_path)
    assert "Files are missing" not in run.output
    (tmp_path / "knife.png").unlink()
    run = CliRunner().invoke(evaluate, ["--data", str(tmp_path), "--cache", str(tmp_path / "cache")])
    assert run.exit_code == 0, run.output
    assert "Files are missing: 1, among them" in run.output


@pytest.mark.parametrize("option", ["--alignment", "--against-alignment"])
def test_an_artifact_that_is_not_there_is_named(tmp_path: Path, option: str) -> None:
    run = _run(tmp_path, option, str(tmp_path / "nowhere"))
    assert "nowhere" in str(run.exception)
