import json
from pathlib import Path
from typing import Any

import pytest

from app.types import Modality
from workers.alignment.mixing import MIXTURES, Mixture
from workers.encodings import FileContent, TextContent
from workers.evaluation.judged import JudgedSet, load_judged_set
from workers.evaluation.mixed import MixedQuery, mixed_queries

Row = dict[str, Any]
TYPED_AND_SHOWN = frozenset({Modality.TEXT, Modality.IMAGE})
TYPED_AND_SAID = frozenset({Modality.TEXT, Modality.SPEECH})
SHOWN_AND_SAID = frozenset({Modality.IMAGE, Modality.SPEECH})

PEAR: Row = {"id": "pear", "title": "pear", "titles": {"en": "pear", "de": "Birne"}, "images": ["pear.png"]}
STAMP: Row = {"id": "stamp", "title": "pear", "titles": {"fr": "poire"}, "images": ["stamp.png"]}
SAID: Row = {"modality": "speech", "relevant": ["pear"], "lang": "de"}


def _set(folder: Path, products: list[Row], queries: list[Row]) -> JudgedSet:
    for name, rows in (("catalogue", products), ("queries", queries)):
        lines = [json.dumps({"split": "val", **row}, ensure_ascii=False) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return load_judged_set(folder)


def _contents(queries: list[MixedQuery]) -> list[tuple[str, ...]]:
    """What each query is made of: its texts and its files' names."""

    def label(content: object) -> str:
        if isinstance(content, TextContent):
            return content.text
        assert isinstance(content, FileContent)
        return content.path.name

    return sorted(tuple(label(part.content) for part in query.parts.values()) for query in queries)


def test_a_recording_is_mixed_with_the_things_name_in_another_language(tmp_path: Path) -> None:
    judged = _set(tmp_path, [PEAR], [{**SAID, "id": "1", "audio": "1.wav"}, {**SAID, "id": "2", "audio": "2.wav"}])
    found = mixed_queries(judged, "val", TYPED_AND_SAID)
    assert _contents(found) == [("Birne", "1.wav"), ("Birne", "2.wav")]  # never the title again
    assert {query.relevant for query in found} == {frozenset({"pear"})}
    assert {(query.index, query.leave_out) for query in found} == {("val", ())}


def test_a_picture_of_the_only_one_of_its_kind_makes_no_query(tmp_path: Path) -> None:
    judged = _set(tmp_path, [PEAR], [{**SAID, "id": "1", "audio": "1.wav"}])
    assert {mixture for mixture in MIXTURES if mixed_queries(judged, "val", mixture)} == {TYPED_AND_SAID}


@pytest.mark.parametrize("mixture", MIXTURES)
def test_pictures_of_things_that_are_relevant_together_stand_for_each_other(tmp_path: Path, mixture: Mixture) -> None:
    both = {**SAID, "id": "1", "audio": "1.wav", "relevant": ["pear", "stamp"]}
    found = mixed_queries(_set(tmp_path, [PEAR, STAMP], [both]), "val", mixture)
    expected = {
        Modality.TEXT: {"Birne", "poire"},
        Modality.IMAGE: {"pear.png", "stamp.png"},
        Modality.SPEECH: {"1.wav"},
    }
    for place, modality in enumerate(own for own in Modality if own in mixture):
        assert {contents[place] for contents in _contents(found)} == expected[modality]
    assert len(found) == 2  # as many as the modality has most of


def test_a_thing_without_names_is_asked_for_by_the_texts_of_the_split_and_what_they_leave_out(tmp_path: Path) -> None:
    shirt = {"id": "shirt", "title": "Red shirt", "images": ["1.png"]}
    photo = {"id": "photo", "modality": "image", "image": "photo.png", "relevant": ["shirt"]}
    text = {"id": "text", "modality": "text", "text": "Red shirt", "relevant": ["shirt"], "leave_out": ["title"]}
    (found,) = mixed_queries(_set(tmp_path, [shirt], [photo, text]), "val", TYPED_AND_SHOWN)
    assert _contents([found]) == [("Red shirt", "photo.png")]
    assert found.leave_out == ("title",)
    assert found.id == "text + photo"


def test_else_by_those_of_other_splits_that_are_not_the_title_again(tmp_path: Path) -> None:
    leek = {"id": "leek", "title": "Leek", "images": ["1.png"], "split": "train"}
    photo = {"id": "photo", "modality": "image", "image": "photo.png", "relevant": ["leek"]}
    names = [
        {"id": lang, "modality": "text", "text": name, "lang": lang, "relevant": ["leek"], "split": "train"}
        for lang, name in (("en", "leek"), ("de", "der Lauch"))
    ]
    (found,) = mixed_queries(_set(tmp_path, [leek], [photo, *names]), "val", TYPED_AND_SHOWN)
    assert _contents([found]) == [("der Lauch", "photo.png")]
    assert found.index == "all"  # the product is of another split


def test_there_are_never_too_many_and_always_the_same(tmp_path: Path) -> None:
    said = [{**SAID, "id": str(number), "audio": f"{number}.wav"} for number in range(20)]
    judged = _set(tmp_path, [PEAR], said)
    few = mixed_queries(judged, "val", TYPED_AND_SAID, each=5, most=3)
    every = mixed_queries(judged, "val", TYPED_AND_SAID, each=5)
    assert len(every) == 5
    assert few == every[:3] == mixed_queries(_set(tmp_path, [PEAR], said[::-1]), "val", TYPED_AND_SAID, each=5)[:3]


def test_queries_of_other_splits_make_none(tmp_path: Path) -> None:
    judged = _set(tmp_path, [PEAR], [{**SAID, "id": "1", "audio": "1.wav", "split": "train"}])
    assert mixed_queries(judged, "val", TYPED_AND_SAID) == []
    assert len(mixed_queries(judged, "train", TYPED_AND_SAID)) == 1
