import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.main import triseek
from app.cli.server import connect, running
from app.errors import ServerUnreachable
from tests.app.conftest import Listening


def test_the_running_stack_is_found_in_its_folder(tmp_path: Path, listening: Listening) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"url": listening.url, "key": listening.key}))
    with connect(None, None, tmp_path) as client:
        assert client.is_live()


def test_a_server_that_is_named_goes_before_the_one_that_runs(tmp_path: Path, listening: Listening) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"url": "http://127.0.0.1:9", "key": "none"}))
    with connect(listening.url, listening.key, tmp_path) as client:
        assert client.is_live()


@pytest.mark.parametrize("text", [None, "", "half a"])
def test_without_a_stack_it_says_how_to_start_one(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    assert running(tmp_path) is None
    with pytest.raises(ServerUnreachable, match="triseek up"):
        connect(None, None, tmp_path)
    result = CliRunner().invoke(triseek, ["jobs", "list", "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "triseek up" in result.output
