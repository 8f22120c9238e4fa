"""Files and folders that cannot be written are told before the work."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from workers.cli.align import align
from workers.cli.compare import compare
from workers.cli.evaluate import evaluate
from workers.cli.leave_one_out import leave_one_out


@pytest.mark.parametrize("command", [evaluate, compare, leave_one_out])
def test_a_file_in_a_folder_that_is_not_there_is_refused(command: click.Command, tmp_path: Path) -> None:
    run = CliRunner().invoke(command, ["--data", str(tmp_path), "--json", str(tmp_path / "no" / "table.json")])
    assert run.exit_code == 2
    assert f"no folder {tmp_path / 'no'}" in run.output


def test_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    run = CliRunner().invoke(evaluate, ["--data", str(tmp_path), "--json", str(tmp_path)])
    assert (run.exit_code, "is a directory" in run.output) == (2, True)


def test_an_artifact_is_not_written_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    run = CliRunner().invoke(align, ["train", "--data", str(tmp_path), "--out", str(tmp_path / "file")])
    assert (run.exit_code, "is a file" in run.output) == (2, True)


def test_the_environment_names_the_alignment_that_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRISEEK_ALIGNMENT", str(tmp_path / "none"))
    run = CliRunner().invoke(evaluate, ["--data", str(tmp_path)])
    assert f"There is no alignment in {tmp_path / 'none'}" in str(run.exception)
