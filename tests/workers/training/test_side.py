from pathlib import Path

import pytest
import torch
from rich.progress import Progress
from scipy.sparse import csr_array

from app.types import Modality
from tests.workers.training.sets import judged_set
from workers.encoders.registry import default_cards
from workers.encodings import Encodings
from workers.media import MediaLimits
from workers.training import pair_sets
from workers.training.pair_sets import encode_pairs
from workers.training.pairs import pairs_of
from workers.training.side import Side
from workers.training.views import Views

# Two contents, of one and of three views, and three pairs of them.
SIDE = Side(
    modality=Modality.TEXT,
    outputs=torch.tensor([[0.0], [10.0], [11.0], [12.0]]).half(),
    rows=torch.tensor([1, 0, 1]),
    things=csr_array((2, 0), dtype=bool),
    views=torch.tensor([1, 3]),
)


def test_without_chance_every_content_is_seen_as_it_is() -> None:
    assert SIDE.take(torch.arange(3)).flatten().tolist() == [10, 0, 10]
    assert SIDE.plain.flatten().tolist() == [0, 10]
    assert SIDE.places(torch.tensor([0, 1])) == [1, 0]


def test_each_draw_takes_any_view_of_its_content() -> None:
    chance = torch.Generator().manual_seed(0)
    taken = SIDE.take(torch.tensor([0, 1]).repeat(3000), chance).view(3000, 2)
    assert (taken[:, 1] == 0).all()
    shares = [float((taken[:, 0] == view).float().mean()) for view in (10, 11, 12)]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.04)


def test_without_views_no_chance_is_spent() -> None:
    plain = Side(
        modality=Modality.TEXT,
        outputs=SIDE.plain,
        rows=SIDE.rows,
        things=SIDE.things,
        views=torch.ones(2, dtype=torch.int64),
    )
    chance = torch.Generator().manual_seed(0)
    before = chance.get_state()
    assert plain.take(torch.arange(3), chance).flatten().tolist() == [10, 0, 10]
    assert torch.equal(chance.get_state(), before)


def test_pictures_and_texts_on_the_left_vary_and_texts_on_the_right_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pair_sets, "SMALLEST", 1)
    limits = MediaLimits(max_pixels=10**6, max_seconds=10)
    encodings = Encodings(tmp_path / "cache", default_cards(), limits, Progress(disable=True))
    found = encode_pairs(pairs_of(judged_set(tmp_path), "val"), encodings, Views(count=2, recordings=2, seed=0))
    by_name = {each.name.rpartition(" ")[2]: each for each in found}
    crossing = by_name["text-image"]
    assert crossing.right.views.tolist() == [3, 3]
    assert int(crossing.left.views.max()) > 1
    assert len(crossing.right.outputs) == len(crossing.right.keys) == 6
    assert not torch.equal(crossing.right.outputs[0], crossing.right.outputs[1])
    assert set(by_name["text-text"].right.views.tolist()) == {1}
