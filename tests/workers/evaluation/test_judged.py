import json
from pathlib import Path
from typing import Any

import pytest

from app.errors import JudgedSetInvalid
from app.types import Modality
from workers.evaluation.judged import JudgedSet, load_judged_set

Row = dict[str, Any]

SHIRT: Row = {
    "id": "shirt",
    "title": "Red shirt",
    "description": "Soft cotton",
    "category": "clothes",
    "titles": {"zh": "红衬衫"},
    "images": ["shirt.png"],
    "audio": ["shirt.wav"],
    "split": "train",
    "source": "somewhere",
    "licence": "CC0-1.0",
}
KNIFE: Row = {"id": "knife", "title": "Kitchen knife", "split": "test"}
BY_TEXT: Row = {"id": "1", "modality": "text", "text": "something red", "relevant": ["shirt"], "split": "train"}
BY_IMAGE: Row = {"id": "2", "modality": "image", "image": "shirt.png", "relevant": ["shirt"]}
BY_VOICE: Row = {
    "id": "3",
    "modality": "speech",
    "audio": "knife.wav",
    "relevant": ["knife", "shirt"],
    "split": "test",
    "kind": "word",
    "lang": "de",
    "leave_out": ["title"],
    "transcript": "Messer",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("shirt.png", "shirt.wav", "knife.wav"):
        (tmp_path / name).write_bytes(b"content")
    return tmp_path


def _load(folder: Path, products: list[Any], queries: list[Any]) -> JudgedSet:
    for name, rows in (("catalogue", products), ("queries", queries)):
        lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_judged_set(folder)


def test_products_and_queries_are_read(folder: Path) -> None:
    judged = _load(folder, [SHIRT, "", KNIFE], [BY_TEXT, BY_IMAGE, BY_VOICE])
    assert judged.name == folder.name
    assert judged.missing == ()
    shirt, (text, image, voice) = judged.products["shirt"], judged.queries
    assert shirt.titles == {"zh": "红衬衫"}
    assert shirt.images == (folder / "shirt.png",)
    assert (text.modality, text.text, text.path) == (Modality.TEXT, "something red", None)
    assert (image.modality, image.text, image.path) == (Modality.IMAGE, "", folder / "shirt.png")
    assert (voice.kind, voice.lang, voice.leave_out, voice.transcript) == ("word", "de", ("title",), "Messer")
    assert voice.relevant == {"knife", "shirt"}


def test_a_products_texts_hold_nothing_of_where_the_row_comes_from(folder: Path) -> None:
    shirt = _load(folder, [SHIRT], [BY_TEXT]).products["shirt"]
    assert shirt.texts() == ["Red shirt", "Red shirt. Soft cotton. clothes"]


@pytest.mark.parametrize(
    ("leave_out", "expected"),
    [
        (["title"], ["Soft cotton. clothes"]),
        (["description"], ["Red shirt", "Red shirt. clothes"]),
        (["category"], ["Red shirt", "Red shirt. Soft cotton"]),
        (["title", "description", "category"], []),
    ],
)
def test_what_a_query_leaves_out_is_in_no_text(folder: Path, leave_out: list[str], expected: list[str]) -> None:
    assert _load(folder, [SHIRT], [BY_TEXT]).products["shirt"].texts(leave_out) == expected


def test_a_query_of_every_split_is_in_each(folder: Path) -> None:
    judged = _load(folder, [SHIRT, KNIFE], [BY_TEXT, BY_IMAGE, BY_VOICE])
    assert [query.id for query in judged.of_split("train")] == ["1", "2"]
    assert [query.id for query in judged.of_split("test")] == ["2", "3"]
    assert len(judged.of_split(None)) == 3


def test_the_splits_of_queries_are_named(folder: Path) -> None:
    assert _load(folder, [SHIRT, KNIFE], [BY_TEXT, BY_IMAGE, BY_VOICE]).splits == ["all", "test", "train"]


def test_a_query_is_ranked_over_its_split_only_if_all_its_products_are_of_it(folder: Path) -> None:
    judged = _load(folder, [SHIRT, KNIFE], [BY_TEXT, BY_IMAGE, BY_VOICE])
    assert [judged.index_of(query) for query in judged.queries] == ["train", "all", "all"]


def test_files_that_are_named_and_not_there_are_listed_once(folder: Path) -> None:
    (folder / "shirt.png").unlink()
    judged = _load(folder, [SHIRT], [BY_IMAGE])
    assert judged.missing == (str(folder / "shirt.png"),)


def test_an_id_that_stands_twice_is_refused(folder: Path) -> None:
    with pytest.raises(JudgedSetInvalid, match=r"catalogue\.jsonl, line 2: the id 'shirt' stands twice"):
        _load(folder, [SHIRT, SHIRT], [BY_TEXT])


def test_a_query_that_stands_twice_is_refused(folder: Path) -> None:
    with pytest.raises(JudgedSetInvalid, match=r"queries\.jsonl: the id '1' stands twice"):
        _load(folder, [SHIRT], [BY_TEXT, BY_IMAGE, BY_TEXT])


@pytest.mark.parametrize("name", ["relevant", "leave_out"])
def test_what_must_be_a_list_is_named(folder: Path, name: str) -> None:
    with pytest.raises(JudgedSetInvalid, match=rf"queries\.jsonl, line 1: {name} is not a list"):
        _load(folder, [SHIRT], [{**BY_TEXT, name: "shirt"}])


def test_a_line_that_is_not_utf_8_is_named(folder: Path) -> None:
    _load(folder, [SHIRT], [BY_TEXT])
    with (folder / "catalogue.jsonl").open("ab") as file:
        file.write(b'\n{"id": "\xff"}\n')
    with pytest.raises(JudgedSetInvalid, match=r"catalogue\.jsonl, line \d is not UTF-8"):
        load_judged_set(folder)


@pytest.mark.parametrize("name", ["catalogue.jsonl", "queries.jsonl"])
def test_a_set_without_one_of_its_files_is_refused(folder: Path, name: str) -> None:
    _load(folder, [SHIRT], [BY_TEXT])
    (folder / name).unlink()
    with pytest.raises(JudgedSetInvalid, match=f"{name} cannot be read"):
        load_judged_set(folder)


def test_a_relevant_product_that_the_catalogue_lacks_is_named(folder: Path) -> None:
    with pytest.raises(JudgedSetInvalid, match=r"line 1: relevant names products that the catalogue lacks: spoon"):
        _load(folder, [SHIRT], [{**BY_TEXT, "relevant": ["shirt", "spoon"]}])


@pytest.mark.parametrize("line", ["{", "not json", '"text"', "[]", "3", "{}", '{"id": 3}'])
def test_a_line_that_is_no_object_with_an_id_is_named(folder: Path, line: str) -> None:
    with pytest.raises(JudgedSetInvalid, match=r"catalogue\.jsonl, line 2 is not"):
        _load(folder, [SHIRT, line], [BY_TEXT])


@pytest.mark.parametrize(
    "wrong",
    [
        {"modality": "smell"},
        {"modality": None},
        {"modality": "image"},  # without a picture
        {"modality": "speech"},
        {"relevant": []},
        {"relevant": None},
    ],
)
def test_a_query_that_lacks_what_it_needs_is_named(folder: Path, wrong: Row) -> None:
    with pytest.raises(JudgedSetInvalid, match=r"queries\.jsonl, line 1"):
        _load(folder, [SHIRT], [{**BY_TEXT, **wrong}])


@pytest.mark.parametrize(("products", "queries"), [([], [BY_TEXT]), ([SHIRT], [])])
def test_a_set_without_products_or_queries_is_refused(folder: Path, products: list[Row], queries: list[Row]) -> None:
    with pytest.raises(JudgedSetInvalid):
        _load(folder, products, queries)


@pytest.mark.parametrize("wrong", [{"images": 3}, {"images": [3]}, {"audio": True}])
def test_media_that_are_no_paths_are_refused(folder: Path, wrong: Row) -> None:
    with pytest.raises(JudgedSetInvalid, match=r"catalogue\.jsonl, line 1"):
        _load(folder, [{**SHIRT, **wrong}], [BY_TEXT])


def test_a_path_that_is_none_is_refused(folder: Path) -> None:
    with pytest.raises(JudgedSetInvalid, match=r"queries\.jsonl, line 1: its content is no text and no path"):
        _load(folder, [SHIRT], [{**BY_IMAGE, "image": ["shirt.png"]}])


@pytest.mark.parametrize(
    "wrong", [{"text": 3}, {"relevant": 3}, {"relevant": [["shirt"]]}, {"relevant": [3, "x"]}, {"leave_out": 3}]
)
def test_query_fields_of_another_type_are_refused(folder: Path, wrong: Row) -> None:
    with pytest.raises(JudgedSetInvalid, match=r"queries\.jsonl, line 1"):
        _load(folder, [SHIRT], [{**BY_TEXT, **wrong}])
