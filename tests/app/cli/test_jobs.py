import json
import re

import pytest

from app.client import Client
from tests.app.cli.conftest import Run


@pytest.fixture
def search_id(client: Client) -> str:
    client.put_product("shop", {"sku": "shoe-1", "title": "Red shoe"})
    return client.submit_search("shop", text="red").id


def test_jobs_are_listed_by_kind_and_state(run: Run, search_id: str) -> None:
    listed = run("jobs", "list", "--kind", "search")
    assert search_id in listed.output
    assert "embed" not in listed.output
    assert search_id not in run("jobs", "list", "--state", "failed").output
    assert [job["id"] for job in json.loads(run("jobs", "list", "--limit", "1", "--json").stdout)] == [search_id]


def test_ids_are_whole_in_a_narrow_window(run: Run, search_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert search_id in run("jobs", "list").output


def test_a_job_is_shown_as_json(run: Run, search_id: str) -> None:
    assert json.loads(run("jobs", "show", search_id).stdout)["state"] == "queued"


@pytest.mark.usefixtures("worker")
def test_showing_can_wait_for_the_end(run: Run, search_id: str) -> None:
    assert json.loads(run("jobs", "show", search_id, "--wait").stdout)["state"] == "succeeded"


def test_a_job_is_cancelled_once(run: Run, search_id: str) -> None:
    assert "cancelled" in run("jobs", "cancel", search_id).output
    again = run("jobs", "cancel", search_id)
    assert again.exit_code == 2
    assert "already" in again.output


def test_errors_of_a_job_are_one_a_line(run: Run, search_id: str) -> None:
    result = run("jobs", "show", search_id, "--errors")
    assert (result.exit_code, result.stdout) == (0, "")


def test_errors_come_as_a_table(run: Run, client: Client) -> None:
    job = client.put_product("shop", {"sku": "a", "title": "A"})["job"]["id"]
    assert run("jobs", "show", job, "--csv").stdout.lstrip("\ufeff") == "line,sku,field,reason\n"


def test_a_list_fits_a_usual_window(run: Run, search_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    [line] = [line for line in run("jobs", "list").output.splitlines() if search_id in line]
    assert "search" in line
    assert "queued" in line
    assert re.search(r"\d\d:\d\d", line)
