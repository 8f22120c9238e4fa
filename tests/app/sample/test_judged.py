import json
from pathlib import Path

import pytest

from app.errors import JudgedSetInvalid
from app.sample.judged import COUNT, judged_set
from app.types import Modality

PRODUCTS = [
    {
        "id": f"p{n}",
        "title": f"shoe {n}",
        "category": "shoes",
        "images": ["p.jpg"],
        "audio": [f"{n}.wav"],
        "split": "test",
    }
    for n in range(3)
]
QUERIES: list[dict[str, object]] = [
    {"id": "a", "modality": "text", "text": "red", "relevant": ["p0", "p1"], "split": "test", "leave_out": ["title"]},
    {"id": "b", "modality": "image", "image": "q.jpg", "relevant": ["p0"], "split": "all", "kind": "photo"},
    {"id": "c", "modality": "speech", "audio": "0.wav", "relevant": ["p0"], "split": "val"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, rows in (("catalogue", PRODUCTS), ("queries", QUERIES)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for name in ("p.jpg", "q.jpg", "0.wav", "1.wav", "2.wav"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def test_products_come_with_their_files_but_not_with_a_recording_that_a_query_plays(folder: Path) -> None:
    offers = list(judged_set(folder).offers())
    assert offers[0].product == {"sku": "p0", "title": "shoe 0", "attributes": {"category": "shoes"}}
    assert offers[0].images == [folder / "p.jpg"]
    assert [list(offer.speech) for offer in offers] == [[], [folder / "1.wav"], [folder / "2.wav"]]


def test_queries_of_each_modality_are_drawn_with_all_that_is_relevant(folder: Path) -> None:
    text, image, speech = judged_set(folder).queries
    assert (text.text, text.relevant, text.against) == ("red", {"p0", "p1"}, (Modality.IMAGE,))
    assert (image.image, image.kind, image.against) == (b"q.jpg", "image", ())
    assert (speech.speech, speech.modalities) == (b"0.wav", (Modality.SPEECH,))


def test_queries_of_unseen_products_come_before_those_of_training(folder: Path) -> None:
    rows = [
        {"id": f"{split}{n}", "modality": "text", "text": split, "relevant": ["p0"], "split": split}
        for n in range(COUNT // 2)
        for split in ("train", "val", "test")
    ]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, rows)))
    drawn = [query.text for query in judged_set(folder).queries]
    assert drawn == ["test"] * (COUNT // 2) + ["val"] * (COUNT // 2)


def test_a_set_that_lacks_a_file_or_field_says_so(folder: Path) -> None:
    (folder / "queries.jsonl").write_text('{"id": "a"}')
    with pytest.raises(JudgedSetInvalid, match="modality"):
        judged_set(folder)
    (folder / "queries.jsonl").unlink()
    with pytest.raises(JudgedSetInvalid, match=r"queries\.jsonl"):
        judged_set(folder)
