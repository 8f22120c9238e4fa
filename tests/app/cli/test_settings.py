import json
from pathlib import Path

import pytest

from app.client import Client
from tests.app.cli.conftest import Run


@pytest.fixture(autouse=True)
def shop(client: Client) -> None:
    client.put_product("shop", {"sku": "shoe-1", "title": "Red shoe"})


def test_settings_are_shown_and_changed_one_by_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "words").write_text("sofa, couch\n\ntv , television set,\n", encoding="utf-8")
    assert json.loads(run("settings", "shop").stdout) == {"searchable": None, "synonyms": []}
    groups = [["sofa", "couch"], ["tv", "television set"]]
    assert json.loads(run("settings", "shop", "--synonyms", str(tmp_path / "words")).stdout)["synonyms"] == groups
    changed = json.loads(run("settings", "shop", "--searchable", "title", "--searchable", "brand").stdout)
    assert changed == {"searchable": ["title", "brand"], "synonyms": groups}
    assert json.loads(run("settings", "shop", "--all-searchable").stdout) == {"searchable": None, "synonyms": groups}


def test_what_the_server_refuses_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "words").write_text("sofa\n", encoding="utf-8")
    result = run("settings", "shop", "--synonyms", str(tmp_path / "words"))
    assert (result.exit_code, "Traceback" in result.output) == (2, False)
    assert "/synonyms/0" in result.output


@pytest.mark.parametrize("options", [("--searchable", "title", "--all-searchable"), ("--synonyms", "no such file")])
def test_wrong_options_are_told(run: Run, options: tuple[str, ...]) -> None:
    assert run("settings", "shop", *options).exit_code == 2


def test_a_file_in_another_encoding_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes("沙发".encode("gb18030"))
    result = run("settings", "shop", "--synonyms", str(tmp_path / "words"))
    assert result.exit_code == 2
    assert "is not UTF-8" in result.output
