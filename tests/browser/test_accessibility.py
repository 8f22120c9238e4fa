"""Every page by axe-core's rules, in light and dark, and on a phone's width."""

from pathlib import Path

import pytest
from selenium_axe_python import Axe

from tests.browser.browser import DESKTOP, PHONE, Browser

GRAVE = {"serious", "critical"}
ONLY = {"resultTypes": ["violations"]}  # what is well is not told in full, which would take longer


def _fill(browser: Browser, page: str, size: tuple[int, int], tmp_path: Path) -> None:
    """Opens a page and has it show all that it can."""
    browser.open(page, catalogue="sample", text="a red fruit")
    if page == "/":
        browser.press("#hits li:first-child [data-like=less]")
        browser.see("#parts .part.below")
        browser.see("#hits:not([aria-busy])")
        browser.press("#hits li:first-child summary")
        if size == PHONE:
            browser.press("#filters-toggle")
        browser.see("[data-facet]")
    elif page == "/upload":
        file = tmp_path / "products.csv"
        file.write_text("sku,title,price\nA1,Red shoe,12\nA2,Blue shoe,cheap\n", encoding="utf-8")
        browser.driver.find_element("id", "file").send_keys(str(file))
        browser.press("#check")
        browser.see("#rows tr")
    elif page == "/admin":
        browser.see("#jobs tbody tr")
        browser.see("#spaces tbody tr")
        browser.see("#keys tbody tr")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("page", ["/", "/upload", "/admin", "/docs"])
def test_no_page_has_a_serious_finding_or_scrolls_sideways(
    browser: Browser, page: str, size: tuple[int, int], tmp_path: Path
) -> None:
    browser.look(size)
    _fill(browser, page, size, tmp_path)
    assert browser.run("return document.documentElement.scrollWidth") <= size[0]
    axe = Axe(browser.driver)
    axe.inject()
    for dark in (False, True):
        browser.look(size, dark=dark)
        grave = [each for each in axe.run(options=ONLY)["violations"] if each["impact"] in GRAVE]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in grave] == []
