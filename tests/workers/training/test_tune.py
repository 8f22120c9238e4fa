"""The picture encoder's last blocks, trained from pictures themselves."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console
from rich.progress import Progress

from app.errors import ArtifactInvalid
from app.types import Modality
from tests.workers.cli.test_align import add_products
from tests.workers.pictures import noise
from tests.workers.training.sets import judged_set
from workers.alignment.artifact import TUNED, load_alignment, save_alignment
from workers.alignment.network import AlignmentNetwork
from workers.alignment.tuned import tuned, tuned_encodings
from workers.cli import align_blocks
from workers.cli.align_blocks import Learnt, train_blocks, unfreezable
from workers.cli.align_run import blank_card
from workers.cli.options import LIMITS
from workers.encoders import registry
from workers.encodings import Encodings
from workers.evaluation.judged import load_judged_set
from workers.training.pair_sets import SMALLEST, encode_pairs
from workers.training.pairs import pairs_of
from workers.training.settings import TrainingSettings

SETTINGS = TrainingSettings(unfreeze=1, unfreeze_steps=3, unfreeze_batch=4, unfreeze_learning_rate=1e-3)
Tune = Callable[[float], Learnt]  # by what dev says of the tuned encoder


@pytest.fixture
def tune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tune:
    """Trains a block; dev says .5 of the network before, and what it is told of the one after."""
    judged_set(tmp_path)
    add_products(tmp_path, SMALLEST)
    judged = load_judged_set(tmp_path)
    encoded = Encodings(tmp_path / "cache", registry.default_cards(), LIMITS, Progress(disable=True))
    settings = replace(SETTINGS, hidden={Modality.TEXT: 8, Modality.IMAGE: 8}, dim=16)
    sets = encode_pairs(pairs_of(judged), encoded)
    blank = blank_card(encoded.cards, settings, None)
    network = AlignmentNetwork(blank.inputs, blank.segments, settings.hidden, settings.known, settings.dim).eval()

    def run(after: float) -> Learnt:
        scores = iter((0.5, after))
        monkeypatch.setattr(align_blocks, "dev_score", lambda *_: next(scores))
        encoder = unfreezable(encoded, settings)
        assert encoder is not None
        learnt = Learnt(network=network, encoded=encoded, blank=blank, looks=[])
        return train_blocks(learnt, encoder, [judged], sets, settings, Console(), lambda _stage, _loss: None)

    return run


def _saved(learnt: Learnt, folder: Path) -> Path:
    save_alignment(folder, learnt.network, learnt.blank)
    learnt.write_blocks(folder)
    return folder


def test_blocks_that_dev_does_not_like_better_are_left(tune: Tune, tmp_path: Path) -> None:
    learnt = tune(0.5)
    assert learnt.blocks == b""
    assert learnt.blank.encoders[Modality.IMAGE] == registry.default_cards()[Modality.IMAGE].id
    assert [look.stage for look in learnt.looks] == ["blocks"]
    assert not (_saved(learnt, tmp_path / "out") / TUNED).exists()


def test_blocks_that_dev_likes_better_are_part_of_the_artifact_and_of_the_encoders_name(
    tune: Tune, tmp_path: Path
) -> None:
    learnt = tune(0.6)
    out, base = _saved(learnt, tmp_path / "out"), registry.default_cards()[Modality.IMAGE]
    sha256 = hashlib.sha256((out / TUNED).read_bytes()).hexdigest()
    card = load_alignment(out, registry.default_cards()).card
    assert card.tuned == {Modality.IMAGE: sha256}
    assert card.encoders[Modality.IMAGE] == f"{base.id}+{sha256[:12]}"
    # Another process, which knows only the artifact, sees pictures as the one that trained them.
    encoder, untuned = tuned(registry.load(base, "cpu"), out, card), registry.load(base, "cpu")
    assert encoder.card.id == card.encoders[Modality.IMAGE]
    picture = [noise(300, 280, seed=3)]
    trained = learnt.encoded._encoders[Modality.IMAGE]
    np.testing.assert_array_equal(encoder.encode(picture), trained.encode(picture))
    assert np.abs(encoder.encode(picture) - untuned.encode(picture)).max() > 1e-4
    # What the two encoders gave is cached apart, and texts are as they were.
    encoded = Encodings(tmp_path / "cache", registry.default_cards(), LIMITS, Progress(disable=True))
    own = tuned_encodings(encoded, out, card)
    assert own.cards[Modality.IMAGE].id == card.encoders[Modality.IMAGE]
    assert own.cards[Modality.TEXT] == encoded.cards[Modality.TEXT]
    assert encoded.cards[Modality.IMAGE] == base


@pytest.mark.parametrize("damage", ["missing", "changed", "another"])
def test_an_artifact_whose_blocks_are_damaged_is_refused(tune: Tune, tmp_path: Path, damage: str) -> None:
    out = _saved(tune(0.6), tmp_path / "out")
    path = out / TUNED
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"?" if damage == "changed" else b"nothing")
    card = load_alignment(out, registry.default_cards()).card
    if damage == "another":
        card = replace(card, tuned={Modality.IMAGE: hashlib.sha256(b"nothing").hexdigest()})
    with pytest.raises(ArtifactInvalid, match=TUNED):
        tuned(registry.load(registry.default_cards()[Modality.IMAGE], "cpu"), out, card)


def test_an_artifact_of_other_blocks_than_its_card_names_does_not_load(tune: Tune, tmp_path: Path) -> None:
    out = _saved(tune(0.6), tmp_path / "out")
    document = json.loads((out / "card.json").read_text())
    (out / "card.json").write_text(json.dumps({**document, "tuned": {"image": "0" * 64}}))
    with pytest.raises(ArtifactInvalid, match=r"\+000000000000"):
        load_alignment(out, registry.default_cards())


def test_only_the_picture_head_and_the_blocks_move(tune: Tune) -> None:
    torch.manual_seed(0)
    before = tune(0.5).network.state_dict()
    after = tune(0.6).network.state_dict()
    moved = {".".join(name.split(".")[:2]) for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"heads.image"}
