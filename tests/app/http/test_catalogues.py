"""Catalogues and their settings over HTTP."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.db.job_tables import OutboxMessage
from app.db.tables import Catalogue
from tests.app.http.conftest import Api

USUAL = {"searchable": None, "synonyms": []}


@pytest.fixture
def settings(catalogue: str) -> str:
    return f"/v1/catalogues/{catalogue}/settings"


def test_a_catalogue_that_is_not_there_has_no_settings(api: Api, settings: str) -> None:
    assert api.get(settings).status_code == 404


def test_a_new_catalogue_is_searched_by_all_its_texts(api: Api, settings: str) -> None:
    api.post(settings.replace("settings", "products"), json={"sku": "a", "title": "one"})
    assert api.get(settings).json == USUAL


def test_settings_are_replaced_as_a_whole(api: Api, settings: str) -> None:
    changed = {"searchable": ["title", "details.material"], "synonyms": [["sofa", "couch"], ["tv", "television set"]]}
    assert api("PUT", settings, json=changed).json == changed
    assert api.get(settings).json == changed
    assert api("PUT", settings, json={}).json == USUAL
    assert api.get(settings).json == USUAL


def test_only_other_fields_ask_for_products_to_be_gone_through(
    api: Api, session: Session, settings: str, catalogue: str
) -> None:
    api("PUT", settings, json=USUAL)

    def state() -> tuple[int, int]:
        with session.begin():
            row = session.query(Catalogue).filter(Catalogue.name == catalogue).one()
            return row.words_version, row.words_indexed

    assert state() == (1, 1)
    api("PUT", settings, json={"synonyms": [["a", "b"]]})
    assert state() == (1, 1)
    api("PUT", settings, json={"searchable": ["title"]})
    assert state() == (2, 1)
    with session.begin():
        assert session.query(OutboxMessage).count() == 0  # the broker has the message


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"searchable": ["title", "a ="]}, "/searchable/1"),
        ({"searchable": ["x" * 201]}, "/searchable/0"),
        ({"searchable": "title"}, "/searchable"),
        ({"searchable": ["a"] * 65}, "/searchable"),
        ({"synonyms": [["sofa"]]}, "/synonyms/0"),
        ({"synonyms": [["sofa", "!?"]]}, "/synonyms/0/1"),
        ({"synonyms": [["sofa", "\x00"]]}, "/synonyms/0/1"),
        ({"synonyms": "sofa"}, "/synonyms"),
        ({"stopwords": []}, "/stopwords"),
    ],
)
def test_what_is_wrong_is_named(api: Api, settings: str, body: dict[str, Any], pointer: str) -> None:
    answer = api("PUT", settings, json=body)
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == {pointer}


def test_a_key_that_may_only_search_changes_nothing(searcher: Api, settings: str) -> None:
    assert searcher("PUT", settings, json=USUAL).status_code == 403
