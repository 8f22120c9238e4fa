import json
from pathlib import Path

import pytest

from tests.app.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.ndjson"
    path.write_text("".join(json.dumps({"sku": f"shoe-{n}", "title": f"Shoe {n}"}) + "\n" for n in range(3)))
    return path


def test_a_file_is_checked_without_being_taken(run: Run, file: Path) -> None:
    result = run("import", str(file), "--catalogue", "shop", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "3 rows right" in result.output


def test_wrong_rows_are_named_by_line_and_fail_the_command(run: Run, file: Path) -> None:
    file.write_text(file.read_text() + '{"sku": "shoe-4", "price": "dear"}\nnot json\n')
    result = run("import", str(file), "--catalogue", "shop", "--dry-run")
    assert result.exit_code == 1
    assert "line 4" in result.output
    assert "line 5" in result.output
    assert "2 had errors" in result.output


def test_a_file_of_wrong_rows_alone_shows_them_too(run: Run, file: Path) -> None:
    file.write_text("not json\n")
    result = run("import", str(file), "--catalogue", "shop", "--dry-run")
    assert result.exit_code == 1
    assert "line 1" in result.output
