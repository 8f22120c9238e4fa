"""Which pairs of a batch are each other's negatives, counted by hand."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from rich.progress import Progress

from tests.workers.pictures import noise
from workers.encoders.registry import default_cards
from workers.encodings import Encodings
from workers.evaluation.judged import load_judged_set
from workers.media import MediaLimits
from workers.training import pair_sets
from workers.training.pair_sets import PairSet, encode_pairs
from workers.training.pairs import pairs_of


@pytest.fixture(autouse=True)
def _small_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_sets, "SMALLEST", 1)


def _sets(folder: Path, products: list[dict[str, object]], queries: list[dict[str, object]]) -> list[PairSet]:
    """Pairs of a judged set; a picture is named by the seed that it is drawn from, and a copy by the same digit."""
    for product in products:
        product["images"] = [f"{name}.png" for name in str(product["images"]).split()]
        for name in product["images"]:
            Image.fromarray(noise(40, 40, seed=int(name[0]))).save(folder / name)
    for file, rows in (("catalogue", products), ("queries", queries)):
        lines = [json.dumps({"split": "train", **row}) for row in rows]
        (folder / f"{file}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    limits = MediaLimits(max_pixels=10**6, max_seconds=10)
    encodings = Encodings(folder / "cache", default_cards(), limits, Progress(disable=True))
    return encode_pairs(pairs_of(load_judged_set(folder)), encodings)


ONE = [{"id": "1", "modality": "text", "text": "the first", "relevant": ["a"], "split": "val"}]


def _crosses(found: PairSet) -> list[str]:
    """The matrix of what is the same thing, a row a left side, x where it is."""
    return ["".join(".x"[own] for own in row) for row in found.same(torch.arange(len(found))).int().tolist()]


def test_products_of_one_title_are_the_same_thing(tmp_path: Path) -> None:
    products = [
        {"id": "a", "title": "Red Shirt", "images": "1"},
        {"id": "b", "title": "Lamp", "images": "2"},
        {"id": "c", "title": "red shirt", "images": "3"},
    ]
    (found,) = _sets(tmp_path, products, ONE)
    assert _crosses(found) == ["x.x", ".x.", "x.x"]


def test_products_of_one_picture_are_the_same_thing_whatever_the_file_and_the_title(tmp_path: Path) -> None:
    products = [
        {"id": "a", "title": "Red Shirt", "images": "1"},
        {"id": "b", "title": "Lamp", "images": "2"},
        {"id": "c", "title": "Crimson top", "images": "1copy"},
        {"id": "d", "title": "Lamp", "images": "4"},
    ]
    (found,) = _sets(tmp_path, products, ONE)
    # a and c by their picture, b and d by their title.
    assert _crosses(found) == ["x.x.", ".x.x", "x.x.", ".x.x"]
    assert len(found.right.outputs) == 3


def test_sharing_with_two_others_does_not_make_those_the_same_thing(tmp_path: Path) -> None:
    products = [
        {"id": "a", "title": "Shirt", "images": "1"},
        {"id": "b", "title": "Top", "images": "1copy"},
        {"id": "c", "title": "Shirt", "images": "3"},
    ]
    (found,) = _sets(tmp_path, products, ONE)
    # `Top` is the name of the first picture, not of the third; `Shirt` is of all.
    assert _crosses(found) == ["xxx", "xx.", "xxx"]


def test_what_a_query_asks_for_is_no_negative_of_it_in_whichever_pair(tmp_path: Path) -> None:
    products = [
        {"id": name, "title": f"Thing {name}", "images": picture} for name, picture in zip("abcd", "1234", strict=True)
    ]
    queries = [
        {"id": "1", "modality": "text", "text": "shirts", "relevant": ["a", "b", "c"]},
        {"id": "2", "modality": "text", "text": "red ones", "relevant": ["a", "d"]},
    ]
    (found,) = [own for own in _sets(tmp_path, products, queries) if own.name.endswith("phrase-image")]
    # In order: shirts with a, b, c; red ones with a, d.
    assert _crosses(found) == ["xxxx.", "xxxx.", "xxxx.", "x..xx", "x..xx"]


def test_products_without_a_title_are_not_one_thing(tmp_path: Path) -> None:
    products = [
        {"id": name, "description": f"of {name}", "images": picture} for name, picture in zip("ab", "12", strict=True)
    ]
    (found,) = _sets(tmp_path, products, ONE)
    assert _crosses(found) == ["x.", ".x"]
