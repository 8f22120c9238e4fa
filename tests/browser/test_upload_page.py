"""The upload page: a file is checked, and then imported."""

from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from app.client import Client
from app.errors import ApiProblem
from app.types import Scope
from tests.browser.browser import Browser

TABLE = "sku,title,price,currency\nA1,Red shoe,12,EUR\nA2,Blue shoe,cheap,EUR\n,Nameless,3,EUR\nA4,Green shoe,9,EUR\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "products.csv"
    file.write_text(TABLE, encoding="utf-8")
    return file


def check(browser: Browser, file: Path, catalogue: str) -> None:
    browser.see("#drop")
    browser.driver.find_element("id", "file").send_keys(str(file))
    browser.see("#file-name", file.name)
    browser.type("#catalogue", catalogue, end=Keys.TAB)
    browser.press("#check")


def told(browser: Browser) -> dict[str, str]:
    """How many of what."""
    counts = browser.all("[data-count]")
    return {str(each.get_attribute("data-count")): each.find_element("tag name", "dd").text for each in counts}


def test_a_file_is_checked_its_errors_are_told_by_line_and_it_is_imported(
    browser: Browser, client: Client, table: Path, downloads: Path
) -> None:
    browser.open("/upload")
    check(browser, table, "uploaded")
    browser.see("#report-title", "What products.csv would bring")
    counts = told(browser)
    assert counts.pop("takes")
    assert counts == {"failed": "2", "right": "2", "new": "2", "changed": "0", "unchanged": "0"}
    browser.see("#rows tr")
    rows = [[cell.text for cell in row.find_elements("css selector", "td")] for row in browser.all("#rows tr")]
    assert [row[:3] for row in rows] == [["3", "A2", "price"], ["4", "", "sku"]]
    with pytest.raises(ApiProblem):
        client.get_product("uploaded", "A1")  # for nothing has changed

    browser.press("#table")
    browser.until(lambda: next(downloads.glob("errors-*.csv"), None))
    browser.press("#import")
    browser.see("#report-title", "products.csv is in")
    assert told(browser) == {"failed": "2", "taken": "2"}
    assert client.get_product("uploaded", "A1")["title"] == "Red shoe"
    browser.press("#look")
    browser.see("#catalogue option", "uploaded")
    browser.type("#text", "green")
    browser.see("#hits li:first-child h3", "Green shoe")


def test_another_name_for_a_column_is_heeded_and_a_file_without_a_right_row_cannot_be_imported(
    browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "other.csv"
    file.write_text("Artikel,Wort\nB1,Hut\n", encoding="utf-8")
    browser.open("/upload")
    check(browser, file, "mapped")
    browser.see("#advice", "No row is right")
    assert browser.all("#import") == []
    browser.press(".options summary")
    browser.type("#columns", "sku=Artikel\ntitle=Wort", end=Keys.TAB)
    browser.press("#check")
    browser.see("#advice", "All rows are right")
    assert told(browser)["right"] == told(browser)["new"] == "1"


def test_what_is_missing_is_asked_for_and_a_key_without_the_scope_is_said_to_lack_it(
    browser: Browser, client: Client, table: Path
) -> None:
    key = client.make_key("searcher", [Scope.SEARCH])["key"]
    browser.open("/upload", key=key)
    browser.press("#check")
    browser.see("#problem", "Choose a file first.")
    check(browser, table, "uploaded")
    browser.see("#problem", "write", "Enter a key that has it above.")
