"""The search page, as it is used."""

import base64
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from app.client import Client
from app.sample.catalogue import Thing
from app.types import JobKind, JobState
from tests.browser.browser import PHONE, Browser

DROP = """
const bytes = Uint8Array.from(atob(arguments[0]), (each) => each.charCodeAt(0));
const data = new DataTransfer();
data.items.add(new File([bytes], "photo.png", { type: "image/png" }));
document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
"""
FIRST = "#hits li:first-child"


@pytest.fixture
def banana(sample: list[Thing]) -> Thing:
    return next(thing for thing in sample if thing.sku == "banana")


@pytest.fixture
def picture(banana: Thing, tmp_path: Path) -> Path:
    file = tmp_path / "photo.png"
    file.write_bytes(banana.picture())
    return file


def skus(browser: Browser) -> list[str]:
    return [str(each.get_attribute("data-sku")) for each in browser.all("#hits li")]


def slide(browser: Browser, part: str, key: str, times: int) -> None:
    slider = browser.see(f"[data-part='{part}'] input")
    slider.send_keys(*[key] * times)


def test_a_text_finds_products_with_their_pictures(browser: Browser) -> None:
    browser.open(catalogue="sample")
    browser.type("#text", "a banana")
    assert "Banana" in browser.see(f"{FIRST} h3").text
    browser.until(lambda: browser.run(f"return document.querySelector('{FIRST} img')?.naturalWidth"))
    assert browser.see(f"{FIRST} img").get_attribute("alt") == "Banana"


def test_all_hits_come_as_one_scrolls_and_none_twice(browser: Browser, sample: list[Thing]) -> None:
    browser.open(catalogue="sample", text="something to eat")
    browser.see("#hits li:nth-child(20)")

    def scrolled() -> bool:
        browser.run("scrollTo(0, document.body.scrollHeight)")
        return len(browser.all("#hits li")) == len(sample)

    browser.until(scrolled)
    assert len(set(skus(browser))) == len(sample)
    assert f"{len(sample)} of {len(sample)} products" in browser.see("#status").text
    assert not browser.all("#more")


def test_a_picture_that_is_dropped_is_searched_and_weighed_against_a_text(browser: Browser, banana: Thing) -> None:
    browser.open(catalogue="sample")
    browser.run(DROP, base64.b64encode(banana.picture()).decode())
    browser.see("[data-part=image] img")
    browser.press("#submit")
    assert "Banana" in browser.see(f"{FIRST} h3").text

    browser.type("#text", "hiking boot")
    browser.see("[data-part=text] input")
    slide(browser, "image", Keys.ARROW_LEFT, 9)
    browser.see(f"{FIRST} h3", "Hiking boot")
    slide(browser, "text", Keys.ARROW_LEFT, 10)
    slide(browser, "image", Keys.ARROW_RIGHT, 5)
    browser.see(f"{FIRST} h3", "Banana")


def test_a_picture_can_be_chosen_and_removed(browser: Browser, picture: Path) -> None:
    browser.open(catalogue="sample")
    browser.see("#catalogue")
    browser.driver.find_element("id", "image").send_keys(str(picture))
    browser.press("[data-part=image] .remove")
    assert browser.all("#parts li") == []
    browser.press("#submit")
    browser.see("#problem", "Enter a text, add a picture or record your voice.")
    assert browser.driver.switch_to.active_element.get_attribute("id") == "text"


def test_what_is_said_is_searched_and_shown_as_it_was_heard(browser: Browser) -> None:
    browser.open(catalogue="sample")
    browser.press("#record")
    browser.see("#status", "Recording")
    browser.until(lambda: float(browser.run("return document.getElementById('level').value")) > 0)
    ActionChains(browser.driver).pause(3.5).perform()  # what is recorded takes its time
    browser.press("#record")
    browser.see("[data-part=speech] audio")
    browser.press("#submit")
    assert "banana" in browser.see("#heard", "Heard").text.lower()
    assert "Banana" in browser.see(f"{FIRST} h3").text


def test_hits_can_be_asked_to_be_unlike_one_of_them(browser: Browser) -> None:
    browser.open(catalogue="sample", text="fruit")
    browser.see(FIRST)
    before = skus(browser)
    browser.press(f"{FIRST} [data-like=less]")
    chip = browser.see("#parts .part.below", "Less like")
    browser.until(lambda: skus(browser)[0] != before[0])
    chip.find_element("css selector", ".remove").click()
    browser.until(lambda: skus(browser) == before)
    assert browser.all("#parts li") == []

    browser.press(f"[data-sku='{before[14]}'] [data-like=more]")
    name = browser.see(f"[data-part='product {before[14]}'] .name", "More like").text
    browser.until(lambda: before[14] not in skus(browser))  # what is named is not found itself
    browser.press(f"{FIRST} summary", "Why this?")
    browser.see(f"{FIRST} .shares dt", name)


def test_values_of_attributes_are_counted_and_filter_when_pressed(browser: Browser, sample: list[Thing]) -> None:
    food = {thing.sku for thing in sample if thing.group == "food"}
    browser.open(catalogue="sample", text="red")
    value = browser.see("[data-facet='group food']")
    assert value.text.split() == ["food", str(len(food))]
    value.click()
    browser.until(lambda: set(skus(browser)) <= food)
    assert browser.see("[data-facet='group food']").get_attribute("aria-pressed") == "true"
    browser.see("[data-facet='group toys']").click()
    browser.until(lambda: not set(skus(browser)) <= food)
    browser.press("#clear")
    browser.see("#status", f"of {len(sample)} products")


def test_a_wrong_filter_is_pointed_at_and_one_that_nothing_matches_can_be_cleared(browser: Browser) -> None:
    browser.open(catalogue="sample", text="red")
    browser.see(FIRST)
    browser.type("#filter", "group = = 'food'", end=Keys.TAB)
    browser.see("#problem")
    assert browser.see("#filter").get_attribute("aria-invalid") == "true"
    assert skus(browser) == []
    browser.type("#filter", "group = 'nothing'")
    browser.see("#status", "Nothing was found.")
    browser.press("#advice button", "Clear filters")
    browser.see(FIRST)
    assert browser.see("#filter").get_attribute("aria-invalid") is None


def test_a_hit_tells_why_it_was_found_and_shows_where_it_was_looked_at(browser: Browser) -> None:
    browser.open(catalogue="sample", text="yellow banana")
    browser.press(f"{FIRST} summary", "Why this?")
    browser.see(f"{FIRST} .shares")
    shares = [float(each.text) for each in browser.all(f"{FIRST} .shares .share + dd")]
    cosine = browser.see(f"{FIRST} .why p", "How near it is").text.split(",")[1]
    assert float(cosine) == pytest.approx(sum(shares), abs=0.002)
    browser.press(f"{FIRST} .look", "banana")
    browser.see(f"{FIRST} .seen", "“banana” looked at")
    browser.until(lambda: browser.run(f"return document.querySelector('{FIRST} .heat')?.naturalWidth"))
    browser.press(f"{FIRST} .look", "banana")
    browser.until(lambda: not browser.all(f"{FIRST} .heat"))


@pytest.mark.usefixtures("searches_rest")
def test_a_search_that_waits_says_so_and_can_be_cancelled(browser: Browser, client: Client) -> None:
    browser.open(catalogue="sample")
    browser.see("#catalogue option")
    browser.type("#text", "waits")
    browser.see("#status", "Waiting for a worker")
    browser.press("#cancel")
    browser.see("#status", "Cancelled.")
    assert next(client.jobs(kind=JobKind.SEARCH)).state is JobState.CANCELLED


def test_a_wrong_key_is_said_to_be_one_and_another_can_be_entered(browser: Browser) -> None:
    browser.open(key="ts_wrong")
    browser.see("#problem", "Enter another one above.")
    browser.type("#key", browser.key)
    browser.see("#catalogue option", "sample")
    assert browser.all("#problem") == []
    assert browser.key not in browser.driver.current_url


def test_the_language_is_changed_with_the_hits_and_kept(browser: Browser) -> None:
    browser.open(catalogue="sample", text="banana")
    browser.see(f"{FIRST} button", "More like")
    browser.press("#language", "中文")
    browser.see(f"{FIRST} button", "更像")
    browser.see("#status", "件商品")
    browser.driver.refresh()
    browser.see("#submit", "搜索")
    assert browser.run("return document.documentElement.lang") == "zh-Hans"
    browser.press("#language", "English")
    browser.see("#submit", "Search")


def test_everything_is_done_by_keyboard_with_the_focus_in_sight(browser: Browser) -> None:
    browser.look(PHONE)
    browser.open(catalogue="sample", text="banana")
    browser.see(FIRST)
    browser.run("document.activeElement.blur()")
    reached = []
    for _ in range(40):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        active = browser.driver.switch_to.active_element
        shown = active if active.tag_name != "input" or active.get_attribute("type") != "file" else None
        if shown is not None:
            style = browser.run("return getComputedStyle(arguments[0]).outlineStyle", shown)
            assert style != "none", shown.get_attribute("outerHTML")
        reached.append(active.get_attribute("id") or active.get_attribute("data-like") or active.tag_name)
        if active.tag_name == "summary" and "access" not in reached[-1] and "more" in reached:
            break
    assert [each for each in reached if each in {"text", "image", "record", "submit", "catalogue", "less"}] == [
        "text",
        "image",
        "record",
        "submit",
        "catalogue",
        "less",
    ]
    ActionChains(browser.driver).send_keys(Keys.ENTER).perform()
    browser.see(f"{FIRST} .shares")
