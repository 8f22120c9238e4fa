import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from app.cli.search import hits_table
from app.client import Client
from tests.app.cli.conftest import ANSWER, Run

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture(autouse=True)
def shop(client: Client) -> None:
    client.put_product("shop", {"sku": "shoe-1", "title": "Red shoe"})


def test_hits_are_printed_with_their_titles_and_the_time_taken(run: Run) -> None:
    result = run("search", "red shoes", "--catalogue", "shop")
    assert result.exit_code == 0, result.output
    assert "shoe-1" in result.output
    assert "28 ms: queue 1, encode 20, sql 3, rerank 4" in result.output
    assert "0.500 × 1.00" not in result.output


def test_explain_says_what_each_part_of_the_query_brought(run: Run) -> None:
    assert "text × text: 0.500 × 1.00 = 0.500" in run("search", "red", "--catalogue", "shop", "--explain").output


def test_words_say_what_they_looked_at_as_it_is_written() -> None:
    seen = {"against": "text", "ordinal": 0, "label": "[/red] shoe", "weight": 0.61}
    whole = {**seen, "against": "image", "label": None}
    attention = [
        {"query": "text", "modality": "text", "label": label, "sees": sees}
        for label, sees in ((None, [seen]), ("red", [seen]), ("shoes", [whole]), ("new", []))
    ]
    hit = {**ANSWER["hits"][0], "title": "", "attention": attention}
    printed = io.StringIO()
    Console(file=printed, width=200).print(hits_table([hit], explain=True))
    assert "red looked at text: [/red] shoe (0.61)" in printed.getvalue()
    assert "shoes looked at all of image (0.61)" in printed.getvalue()
    assert printed.getvalue().count("looked at") == 2


def test_facets_and_notes_are_printed_behind_the_hits(run: Run) -> None:
    output = run("search", "red", "--catalogue", "shop", "--facet", "colour", "--filter", "size < 5").output
    assert "colour: red 2, [b]lue 1" in output
    assert "size: no values" in output
    assert "No product of the catalogue has size." in output


def test_a_filter_that_cannot_be_read_is_told_with_its_place(run: Run) -> None:
    result = run("search", "red", "--catalogue", "shop", "--filter", "price <")
    assert (result.exit_code, "Traceback" in result.output) == (2, False)
    assert "at character 8" in result.output


def test_json_is_the_servers_result(run: Run) -> None:
    result = run("search", "red", "--catalogue", "shop", "--json")
    assert json.loads(result.stdout)["took_ms"] == ANSWER["took_ms"]


def test_a_picture_that_is_none_is_told_by_the_server(run: Run, tmp_path: Path) -> None:
    (tmp_path / "not.png").write_text("not a picture")
    result = run("search", "--image", str(tmp_path / "not.png"), "--catalogue", "shop")
    assert (result.exit_code, "Traceback" in result.output) == (2, False)


def test_a_search_for_nothing_says_what_to_give(run: Run) -> None:
    result = run("search", "--catalogue", "shop")
    assert result.exit_code == 2
    assert "--image" in result.output


def test_an_unknown_catalogue_is_one_clear_line(run: Run) -> None:
    result = run("search", "red", "--catalogue", "nowhere")
    assert result.exit_code == 2
    assert "nowhere" in result.output
    assert "Traceback" not in result.output
