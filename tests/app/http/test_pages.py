"""The search page."""

import re
from pathlib import Path

import app.http
from tests.app.http.conftest import Api

UI = Path(app.http.__file__).parent / "ui"
TEMPLATE = (UI / "templates/search.html").read_text(encoding="utf-8")
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in (UI / "static").glob("*.js")}


def test_the_page_runs_nothing_inline_and_nothing_from_elsewhere(api: Api) -> None:
    page = api.http.get("/")
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=|https?://", page.text)


def test_everything_that_the_page_names_is_there(api: Api) -> None:
    page = api.http.get("/").text
    for path in re.findall(r'(?:src|href)="(/[^"]+)"', page):
        with api.http.get(path) as answer:
            assert answer.status_code == 200, path
    for script in SCRIPTS.values():
        for name in re.findall(r'from "\./([\w.]+)"', script):
            assert name in SCRIPTS
        for element in re.findall(r'\bat\("([\w-]+)"\)', script):
            assert f'id="{element}"' in TEMPLATE, element


def test_the_page_says_everything_in_both_languages() -> None:
    english, chinese = re.findall(r"const \w+ = \{\n(.*?)\n\};", SCRIPTS["words.js"], re.DOTALL)
    names = re.findall(r"^  (\w+):", english, re.MULTILINE)
    assert names == re.findall(r"^  (\w+):", chinese, re.MULTILINE)
    asked = re.findall(r'data-(?:word|hint|label)="(\w+)"', TEMPLATE)
    asked += [name for script in SCRIPTS.values() for name in re.findall(r"\bwords\.(?!js\b)(\w+)", script)]
    assert set(asked) <= set(names)


def test_every_field_has_a_label() -> None:
    for field in re.findall(r"<(?:input|select)\b[^>]*>", TEMPLATE):
        before = TEMPLATE[: TEMPLATE.index(field)]
        assert before.count("<label") > before.count("</label>"), field
