from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from rich.progress import Progress

from app.types import Modality, Role
from tests.workers.pictures import noise
from workers.encoders.registry import default_cards
from workers.encodings import Encodings, FileContent, TextContent
from workers.evaluation.judged import EVERY_SPLIT, JudgedProduct, JudgedQuery, JudgedSet
from workers.evaluation.mixed import mixed_queries
from workers.media import MediaLimits
from workers.training import mixed_sets as training
from workers.training.mixed_sets import _answered, _learnt, mixed_sets

TEXT, IMAGE, SPEECH = Modality
TYPED_AND_SHOWN = frozenset({TEXT, IMAGE})


@pytest.fixture
def encodings(tmp_path: Path) -> Encodings:
    limits = MediaLimits(max_pixels=10**6, max_seconds=10)
    return Encodings(tmp_path / "cache", default_cards(), limits, Progress(disable=True))


def _product(folder: Path, name: str, split: str, picture: int) -> JudgedProduct:
    path = folder / f"{picture}.png"
    Image.fromarray(noise(40, 40, seed=picture)).save(path)
    return JudgedProduct(
        id=name, title=name, description="Bright", attributes={}, titles={}, images=(path,), audio=(), split=split
    )


def _query(name: str, relevant: Iterator[str], split: str) -> JudgedQuery:
    return JudgedQuery(
        id=name,
        modality=TEXT,
        text=f"a {name}",
        path=None,
        relevant=frozenset(relevant),
        split=split,
        kind="",
        lang="",
        leave_out=("title",),
        transcript="",
    )


@pytest.fixture
def judged(tmp_path: Path) -> JudgedSet:
    """Two lamps that are asked for together, a chair, and what training may not see."""
    names = (("desk lamp", "train"), ("table lamp", "train"), ("chair", "train"), ("sofa", "val"), ("couch", "val"))
    products = [_product(tmp_path, name, split, number) for number, (name, split) in enumerate(names)]
    queries = [
        _query("lamp", iter(["desk lamp", "table lamp"]), "train"),
        _query("chair", iter(["chair"]), "train"),
        _query("sofa", iter(["sofa", "couch"]), "val"),
    ]
    return JudgedSet(name="home", products={each.id: each for each in products}, queries=tuple(queries))


def test_products_answer_in_turn_and_never_with_what_the_query_is_made_of(judged: JudgedSet) -> None:
    queries = mixed_queries(judged, "train", TYPED_AND_SHOWN)
    assert len(queries) == 2
    for query, _, content in _answered(judged, queries, IMAGE):
        shown = query.parts[IMAGE].content
        assert isinstance(shown, FileContent)
        assert isinstance(content, FileContent)
        assert {shown.path.name, content.path.name} == {"0.png", "1.png"}
    texts = [each.content for each in _answered(judged, queries, TEXT)]
    assert texts == [TextContent("Bright", Role.PASSAGE)] * 2  # without the title, which the query leaves out


def test_only_the_train_split_is_learnt_from_and_only_what_is_enough(
    judged: JudgedSet, encodings: Encodings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mixed_sets([judged], encodings) == []
    monkeypatch.setattr(training, "SMALLEST", 2)
    by_text, by_picture = mixed_sets([judged], encodings)
    assert [by_text.name, by_picture.name] == ["home text+image, text", "home text+image, image"]
    assert (by_text.answer.modality, by_picture.answer.modality) == (TEXT, IMAGE)
    assert len(by_picture) == 2
    assert set(by_picture.parts) == {TEXT, IMAGE}
    shown, answered = by_picture.parts[IMAGE], by_picture.answer
    for place in torch.arange(2):
        assert not torch.equal(shown.take(place[None]), answered.take(place[None]))


def test_products_that_dev_is_judged_by_neither_ask_nor_answer(judged: JudgedSet) -> None:
    wide = replace(judged.queries[0], relevant=frozenset(judged.products))
    every = replace(judged.queries[2], split=EVERY_SPLIT)
    learnt = _learnt(replace(judged, queries=(wide, every)), "train")
    assert [query.relevant for query in learnt.queries] == [{"desk lamp", "table lamp", "chair"}]
    assert set(learnt.products) == {"desk lamp", "table lamp", "chair"}


def test_queries_for_one_thing_are_never_each_others_negatives(
    judged: JudgedSet, encodings: Encodings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "SMALLEST", 2)
    another = replace(judged.queries[0], id="light", text="a light")
    _, by_picture = mixed_sets([replace(judged, queries=(another, *judged.queries))], encodings)
    assert by_picture.same(torch.arange(len(by_picture))).all()
