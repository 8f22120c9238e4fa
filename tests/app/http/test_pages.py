"""The pages: what they may load, and that all they name is there, in both languages."""

import re
from pathlib import Path

import pytest

import app.http
from tests.app.http.conftest import Api

STATIC = Path(app.http.__file__).parent / "ui" / "static"
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in STATIC.glob("*.js")}
PAGES = ("/", "/upload", "/admin")
SAID = re.compile(r"^  (\w+):", re.MULTILINE)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_nothing_inline_and_nothing_from_elsewhere(api: Api, path: str) -> None:
    page = api.http.get(path)
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=|https?://", page.text)


@pytest.mark.parametrize("path", PAGES)
def test_everything_that_a_page_names_is_there(api: Api, path: str) -> None:
    page = api.http.get(path).text
    for named in re.findall(r'(?:src|href)="(/[^"]+)"', page):
        with api.http.get(named) as answer:
            assert answer.status_code == 200, named
    for name in _loaded(f"{'search' if path == '/' else path[1:]}.js"):
        for element in re.findall(r'\bat\("([\w-]+)"\)', SCRIPTS[name]):
            assert f'id="{element}"' in page, (name, element)


def test_the_pages_say_everything_in_both_languages(api: Api) -> None:
    names = SAID.findall(SCRIPTS["english.js"])
    assert names == SAID.findall(SCRIPTS["chinese.js"])
    asked = [
        word
        for path in PAGES
        for word in re.findall(r'data-(?:word|hint|label|title)="(\w+)"', api.http.get(path).text)
    ]
    asked += [name for script in SCRIPTS.values() for name in re.findall(r"(?<![.\w])words\.(?!js\b)(\w+)", script)]
    assert set(asked) <= set(names)


@pytest.mark.parametrize("path", PAGES)
def test_every_field_has_a_label(api: Api, path: str) -> None:
    page = api.http.get(path).text
    for field in re.findall(r"<(?:input|select|textarea)\b[^>]*>", page):
        before = page[: page.index(field)]
        own = re.search(r'id="(\w+)"', field)
        named = own is not None and f'for="{own[1]}"' in page
        assert named or before.count("<label") > before.count("</label>"), field


def test_only_the_search_page_may_use_the_microphone(api: Api) -> None:
    assert [api.http.get(path).headers.get("Permissions-Policy") for path in PAGES] == [
        "microphone=(self)",
        "microphone=()",
        "microphone=()",
    ]


def _loaded(name: str) -> set[str]:
    """A script and all that it imports, each of which is there."""
    found, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += re.findall(r'from "\./([\w.]+)"', SCRIPTS[each])
    return found
