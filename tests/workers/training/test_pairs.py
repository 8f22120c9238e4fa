from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.progress import Progress

from app.types import Modality, Role
from tests.workers.training.sets import judged_set
from workers.encoders.registry import default_cards
from workers.encodings import Encodings, FileContent, TextContent
from workers.media import MediaLimits
from workers.training import pair_sets as training
from workers.training.pair_sets import encode_pairs
from workers.training.pairs import Pair, pairs_of

NONE = frozenset[str]()


@pytest.fixture
def encodings(tmp_path: Path) -> Encodings:
    limits = MediaLimits(max_pixels=10**6, max_seconds=10)
    return Encodings(tmp_path / "cache", default_cards(), limits, Progress(disable=True))


def _texts(first: str, second: str, things: str) -> Pair:
    left, right = TextContent(first, Role.QUERY), TextContent(second, Role.PASSAGE)
    own = frozenset(things.split())
    return Pair(
        set="words", left=(Modality.TEXT, left), right=(Modality.TEXT, right), left_things=own, right_things=own
    )


def test_only_what_the_split_may_show_becomes_pairs(tmp_path: Path) -> None:
    found = list(pairs_of(judged_set(tmp_path)))
    name = tmp_path.name
    texts = {pair.left[1].text for pair in found if isinstance(pair.left[1], TextContent)}
    assert {"Red shirt", "红衬衫", "something red"} <= texts
    assert not any("knife" in text.casefold() or "lamp" in text for text in texts)
    kinds = Counter(pair.set.removeprefix(f"{name} ") for pair in found)
    assert set(kinds) == {"text-image", "text-text"}


def test_what_many_products_answer_is_no_products_own_name(tmp_path: Path) -> None:
    judged = judged_set(tmp_path)
    several = replace(judged.queries[1], split="val", relevant=frozenset({"knife", "lamp"}))
    found = [
        pair
        for pair in pairs_of(replace(judged, queries=(several,)), "val")
        if pair.left[1] == TextContent(several.text, Role.QUERY)
    ]
    meant = {f"{tmp_path.name}/knife", "obsidian kitchen knife", "厨房刀", f"{tmp_path.name}/lamp", "desk lamp"}
    assert {pair.left_things for pair in found} == {frozenset(meant)}
    assert {pair.set.rpartition(" ")[2] for pair in found} == {"phrase-image", "text-text"}


def test_each_content_is_encoded_once_and_known_by_its_place(
    encodings: Encodings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "SMALLEST", 2)
    (found,) = encode_pairs(
        [_texts("a", "cup", "cup"), _texts("b", "cup", "cup"), _texts("a", "pan", "pan")], encodings
    )
    assert (len(found), len(found.left.outputs), len(found.right.outputs)) == (3, 2, 2)
    assert found.left.rows.tolist() == [0, 1, 0]
    assert found.right.take(torch.arange(3)).shape == (3, 384)


def test_sets_that_teach_nothing_are_left_out(encodings: Encodings) -> None:
    assert encode_pairs([_texts("a", "cup", "cup")], encodings) == []


def test_an_unreadable_picture_costs_its_own_pair_only(
    tmp_path: Path, encodings: Encodings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "SMALLEST", 1)
    judged_set(tmp_path)
    (tmp_path / "knife.png").write_bytes(b"no picture")
    text = (Modality.TEXT, TextContent("thing", Role.PASSAGE))
    pictures = [FileContent(tmp_path / name, Modality.IMAGE) for name in ("shirt.png", "knife.png", "none.png")]
    pairs = [
        Pair(set="s", left=text, right=(Modality.IMAGE, picture), left_things=NONE, right_things=NONE)
        for picture in pictures
    ]
    (found,) = encode_pairs(pairs, encodings)
    assert len(found) == 1
    assert len(encodings.unreadable) == 1


def test_a_file_that_is_no_recording_may_be_a_picture(tmp_path: Path, encodings: Encodings) -> None:
    judged_set(tmp_path)
    heard, seen = (FileContent(tmp_path / "shirt.png", modality) for modality in (Modality.SPEECH, Modality.IMAGE))
    assert encodings.encode(Modality.SPEECH, [heard]) == [None]
    assert encodings.encode(Modality.IMAGE, [seen]) != [None]
    (why,) = encodings.unreadable.values()
    assert why.startswith(f"{tmp_path / 'shirt.png'}: ")


def test_what_was_encoded_is_read_back_from_the_cache(tmp_path: Path, encodings: Encodings) -> None:
    contents = [TextContent("a red shirt", Role.QUERY)]
    (key,) = encodings.encode(Modality.TEXT, contents)
    assert key is not None
    again = Encodings(
        tmp_path / "cache", encodings.cards, MediaLimits(max_pixels=1, max_seconds=1), Progress(disable=True)
    )
    assert (again.outputs(Modality.TEXT, [key]) == encodings.outputs(Modality.TEXT, [key])).all()
    assert again.outputs(Modality.TEXT, []).shape == (0, 384)
