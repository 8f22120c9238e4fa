"""The admin page: jobs, spaces, comparisons and keys."""

import pytest

from app.client import Client
from app.types import JobKind, JobState, Scope
from tests.browser.browser import Browser

ROW = "#{} tr[data-key='{}']"


@pytest.fixture(scope="module")
def other_space(client: Client) -> int:
    """A space with shorter vectors, which is ready, and was compared with the active one."""
    client.wait(client.reindex(dim=64).id).answer()
    space = int(client.spaces()[-1]["id"])
    judged = [{"search": {"text": "banana"}, "relevant": ["banana"]}]
    client.wait(client.verify_space(space, catalogue="sample", queries=judged).id).answer()
    return space


def test_jobs_are_listed_by_kind_and_state(browser: Browser, client: Client) -> None:
    newest = next(client.jobs(kind=JobKind.IMPORT))
    browser.open("/admin")
    browser.see("#jobs tbody tr")
    browser.press("#kind option", "import")
    browser.see(ROW.format("jobs", newest.id), "import", f"{newest.progress.done} / {newest.progress.total}")
    browser.press("#state option", "cancelled")
    browser.see("#jobs .body", "Nothing here yet.")


@pytest.mark.usefixtures("imports_rest")
def test_a_job_that_waits_can_be_cancelled(browser: Browser, client: Client) -> None:
    job = client.import_file("rests", [b'{"sku": "R1", "title": "waits"}'])
    browser.open("/admin")
    browser.press(f"{ROW.format('jobs', job.id)} [data-act=cancel]")
    browser.see(ROW.format("jobs", job.id), "cancelled")
    assert client.job(job.id).state is JobState.CANCELLED


@pytest.mark.usefixtures("other_space", "comparisons_rest")
def test_a_comparison_is_asked_for_and_cancelled(browser: Browser, other_space: int) -> None:
    browser.open("/admin")
    browser.press(f"{ROW.format('spaces', other_space)} [data-act=compare]")
    browser.see("#status", f"Space {other_space} is being compared")
    browser.press("#cancel")
    browser.see("#reports .pill", "cancelled")


def test_a_space_is_activated_rolled_back_and_retired_once_one_agrees(
    browser: Browser, client: Client, other_space: int
) -> None:
    first = next(each["id"] for each in client.spaces() if each["state"] == "active")
    browser.open("/admin")
    row = ROW.format("spaces", other_space)
    browser.see("#reports summary", f"Space {other_space} beside space {first}")
    assert browser.see("#reports tbody tr", "judged").text.split()[1:] == ["1", *["1.000"] * 4]
    browser.press(f"{row} [data-act=activate]")
    browser.press("dialog button", "Leave it")
    assert states(client)[other_space] == "ready"
    browser.press(f"{row} [data-act=activate]")
    browser.press("#confirm-yes", "Activate")
    browser.see(f"{row} .pill", "active")
    assert states(client)[first] == "ready"
    browser.press("#rollback")
    browser.press("#confirm-yes", "Roll back")
    browser.see(f"{ROW.format('spaces', first)} .pill", "active")
    browser.press(f"{row} [data-act=retire]")
    browser.press("#confirm-yes", "Retire")
    browser.see(f"{row} .pill", "retired")
    assert states(client)[other_space] == "retired"


def test_a_key_is_revoked_once_one_agrees(browser: Browser, client: Client) -> None:
    prefix = client.make_key("for a day", [Scope.SEARCH], days=1)["prefix"]
    browser.open("/admin")
    row = ROW.format("keys", prefix)
    browser.press(f"{row} [data-act=revoke]")
    browser.see("#confirm-text", "for a day")
    browser.press("#confirm-yes", "Revoke")
    browser.see(f"{row} .pill", "revoked")
    assert browser.all(f"{row} button") == []


def test_a_key_without_the_scope_is_said_to_lack_it_where_it_does(browser: Browser, client: Client) -> None:
    browser.open("/admin", key=client.make_key("writer", [Scope.WRITE])["key"])
    browser.see("#jobs tbody tr")
    for section in ("spaces", "keys"):
        browser.see(f"#{section} .problem", "admin", "Enter a key that has it above.")


def states(client: Client) -> dict[int, str]:
    return {each["id"]: each["state"] for each in client.spaces()}
