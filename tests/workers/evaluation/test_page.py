import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from app.types import Modality
from tests.workers.training.sets import judged_set
from workers.evaluation.judged import JudgedSet
from workers.evaluation.judging import ALL, Judgement
from workers.evaluation.page import page, write_page
from workers.evaluation.scoring import Index, ModalityVectors

# Where the wanted product came, for each query of the set, and what came first.
FOUND = {"2": ((1,), "lamp"), "3": ((2,), "lamp"), "4": ((1,), "lamp")}


@pytest.fixture
def judged(tmp_path: Path) -> JudgedSet:
    return judged_set(tmp_path)


@pytest.fixture
def index() -> Index:
    vectors = np.random.default_rng(0).normal(size=(2, 8)).astype(np.float32)
    own = ModalityVectors(vectors=vectors, owners=np.arange(2), keys=["a", "b"])
    return Index(products=["knife", "lamp"], modalities={Modality.TEXT: own, Modality.IMAGE: own})


def _judgements(judged: JudgedSet) -> list[Judgement]:
    return [
        Judgement(query=query, by=str(query.modality), against=against, index=2, ranks=ranks, first=first)
        for query in judged.of_split("val")
        for ranks, first in [FOUND[query.id]]
        for against in ("text", ALL)
    ]


def test_the_page_shows_plots_numbers_and_examples(judged: JudgedSet, index: Index) -> None:
    shown = page("small, split val", judged, _judgements(judged), index)
    plots = re.findall(r"<svg.*?</svg>", shown, flags=re.DOTALL)
    assert len(plots) == 4
    for plot in plots:
        ElementTree.fromstring(plot)
    assert "0.750" in shown  # the mean reciprocal rank of a first and a second place
    best, worst = shown.index("The best queries by text"), shown.index("The worst queries by text")
    assert best < shown.index("a light for my desk", best) < worst < shown.index("厨房刀", worst)
    assert "The worst queries by image" not in shown  # there is none


def test_the_page_needs_nothing_else(judged: JudgedSet, index: Index) -> None:
    shown = page("small", judged, _judgements(judged), index)
    assert shown.count("data:image/jpeg;base64,") >= 4
    assert not re.search(r'(src|href)="(?!data:|#)', shown)


def test_what_shops_write_is_no_markup(judged: JudgedSet, index: Index) -> None:
    evil = replace(judged.products["lamp"], title="<script>alert(1)</script>")
    shown = page("<b>", replace(judged, products={**judged.products, "lamp": evil}), _judgements(judged), index)
    assert "<script" not in shown
    assert "<title>&lt;b&gt;</title>" in shown


def test_a_picture_that_cannot_be_read_is_left_out(judged: JudgedSet, index: Index) -> None:
    for path in judged.products["lamp"].images:
        path.write_bytes(b"no picture")
    assert page("small", judged, _judgements(judged), index).count("data:image/jpeg") == 1  # the knife's


def test_a_page_is_written_into_a_new_folder(tmp_path: Path) -> None:
    assert write_page(tmp_path / "a" / "b", "small", "刀").read_text(encoding="utf-8") == "刀"
