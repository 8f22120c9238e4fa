"""The page about the interface, and the document that it is made from."""

import re

from tests.app.http.conftest import Api

METHODS = {"get", "post", "put", "patch", "delete"}


def test_every_call_says_what_it_does_takes_and_answers(api: Api) -> None:
    document = api.get("/openapi.json").json
    assert document["openapi"].startswith("3.1.")
    calls = [(path, call) for path, item in document["paths"].items() for name, call in item.items() if name in METHODS]
    assert len(calls) >= 15
    for path, call in calls:
        assert call["summary"]
        assert call["security"] == ([{"key": []}] if path.startswith("/v1/") else [])
        assert "application/problem+json" in call["responses"]["default"]["content"]


def test_every_reference_of_the_document_leads_somewhere(api: Api) -> None:
    answer = api.get("/openapi.json")
    for name in set(re.findall(r'"#/components/schemas/(\w+)"', answer.text)):
        assert name in answer.json["components"]["schemas"]


def test_bounds_in_the_document_are_numbers(api: Api) -> None:
    price = api.get("/openapi.json").json["components"]["schemas"]["Product"]["properties"]["price"]
    assert price["minimum"] == 0


def test_the_page_names_every_call_and_fetches_nothing(api: Api) -> None:
    page = api.get("/docs")
    assert page.status_code == 200
    for path in api.get("/openapi.json").json["paths"]:
        assert path in page.text
    assert not re.search(r"<(script|link|img|iframe)|https?://", page.text)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_links_within_the_page_lead_somewhere(api: Api) -> None:
    page = api.get("/docs").text
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))
