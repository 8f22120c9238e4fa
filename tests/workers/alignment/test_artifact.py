import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from app.errors import ArtifactInvalid
from app.types import EncoderCard, Modality
from workers.alignment.artifact import DEFAULT, WEIGHTS, Alignment, check_alignment, load_alignment, save_alignment
from workers.alignment.card import CARD, AlignmentCard
from workers.alignment.mixing import Mixing
from workers.alignment.network import AlignmentNetwork
from workers.encoders.registry import default_cards

ENCODERS = {
    modality: EncoderCard(name=f"e-{modality}", revision="1", modality=modality, dim=5, licence="MIT", source="here")
    for modality in Modality
}
SHARES = {query: dict.fromkeys(Modality, 0.5) for query in Modality}

MIXING = {frozenset({Modality.TEXT, Modality.IMAGE}): Mixing.FUSION, frozenset(Modality): Mixing.MEAN}
HIDDEN = {Modality.TEXT: 4, Modality.IMAGE: 3}
KNOWN = {Modality.TEXT: 2}


@pytest.fixture
def network() -> AlignmentNetwork:
    """As training leaves one: every weight is something."""
    torch.manual_seed(0)
    network = AlignmentNetwork(dict.fromkeys(Modality, 5), {Modality.SPEECH: 5}, hidden=HIDDEN, known=KNOWN, dim=6)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return network.eval()


@pytest.fixture
def folder(tmp_path: Path, network: AlignmentNetwork) -> Path:
    card = AlignmentCard(
        encoders={modality: encoder.id for modality, encoder in ENCODERS.items()},
        inputs=dict.fromkeys(Modality, 5),
        segments={Modality.SPEECH: 5},
        hidden=HIDDEN,
        known=KNOWN,
        classifier=None,
        ready=True,
        dim=6,
        shares=SHARES,
        transcript_share=0.5,
        words_weight=0.1,
        sha256="",
        mixing=MIXING,
        training={"seed": 7, "data": "袜子"},
    )
    save_alignment(tmp_path, network, card)
    return tmp_path


def test_what_was_saved_projects_to_unit_vectors(folder: Path) -> None:
    alignment = load_alignment(folder, ENCODERS)
    projected = alignment.project(Modality.IMAGE, np.ones((2, 5), dtype=np.float32))
    np.testing.assert_allclose(np.linalg.norm(projected, axis=1), 1, atol=1e-6)
    assert alignment.share(Modality.TEXT, Modality.IMAGE) == 0.5


def test_a_loaded_network_does_what_the_saved_one_did(folder: Path, network: AlignmentNetwork) -> None:
    alignment = load_alignment(folder, ENCODERS)
    outputs = torch.randn(8, 5)
    with torch.inference_mode():
        expected = {modality: network.project(modality, outputs) for modality in Modality}
        fused = network.fuse(expected).numpy()
    found = {modality: alignment.project(modality, outputs.numpy()) for modality in Modality}
    for modality in Modality:
        np.testing.assert_allclose(found[modality], expected[modality].numpy(), atol=5e-3)  # half floats
    np.testing.assert_allclose(alignment.fuse(found), fused, atol=5e-3)


def test_a_card_is_read_as_it_was_written(folder: Path) -> None:
    card = load_alignment(folder, ENCODERS).card
    assert card.encoders == {modality: f"e-{modality}@1" for modality in Modality}
    assert card.shares == SHARES
    assert (card.hidden, card.dim, len(card.sha256)) == (HIDDEN, 6, 64)
    assert card.mixing == MIXING
    assert card.training == {"seed": 7, "data": "袜子"}


@pytest.mark.parametrize("name", [WEIGHTS, CARD])
def test_an_artifact_without_one_of_its_files_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ArtifactInvalid, match=name):
        load_alignment(folder, ENCODERS)


def test_damaged_weights_are_refused(folder: Path) -> None:
    path = folder / WEIGHTS
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ArtifactInvalid, match="checksums differ"):
        load_alignment(folder, ENCODERS)


def test_another_encoder_revision_is_refused(folder: Path) -> None:
    newer = {**ENCODERS, Modality.TEXT: replace(ENCODERS[Modality.TEXT], revision="2")}
    with pytest.raises(ArtifactInvalid, match="e-text@2"):
        load_alignment(folder, newer)


def test_another_encoder_dimension_is_refused(folder: Path) -> None:
    with pytest.raises(ArtifactInvalid):
        load_alignment(folder, {**ENCODERS, Modality.TEXT: replace(ENCODERS[Modality.TEXT], dim=7)})


def test_weights_of_another_network_are_refused(folder: Path) -> None:
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**card, "dim": 9}))
    with pytest.raises(ArtifactInvalid, match="does not hold this network"):
        load_alignment(folder, ENCODERS)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"encoders": 3}'])
def test_a_card_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / CARD).write_text(text)
    with pytest.raises(ArtifactInvalid, match="not an alignment's card"):
        load_alignment(folder, ENCODERS)


@pytest.mark.parametrize("share", [0, 1, -0.5, "a half", None])
def test_a_transcripts_share_that_leaves_nothing_is_refused(folder: Path, share: object) -> None:
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    (folder / CARD).write_text(json.dumps({**card, "transcript_share": share}), encoding="utf-8")
    with pytest.raises(ArtifactInvalid, match="is not an alignment's card"):
        AlignmentCard.read(folder / CARD)


@pytest.mark.parametrize("weight", [-1, float("nan"), "much", None])
def test_a_weight_of_words_that_is_none_is_refused(folder: Path, weight: object) -> None:
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    (folder / CARD).write_text(json.dumps({**card, "words_weight": weight}), encoding="utf-8")
    with pytest.raises(ArtifactInvalid, match="is not an alignment's card"):
        AlignmentCard.read(folder / CARD)


def test_a_card_of_before_words_and_relevance_has_neither(folder: Path) -> None:
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    del card["words_weight"], card["relevance"]
    (folder / CARD).write_text(json.dumps(card), encoding="utf-8")
    found = AlignmentCard.read(folder / CARD)
    assert (found.words_weight, found.relevance) == (0.0, {})


def test_a_mixture_that_the_card_does_not_name_is_ranked_part_by_part(folder: Path) -> None:
    alignment = load_alignment(folder, ENCODERS)
    assert alignment.mixing(frozenset({Modality.TEXT, Modality.IMAGE})) is Mixing.FUSION
    assert alignment.mixing(frozenset({Modality.IMAGE, Modality.SPEECH})) is Mixing.SUM


def test_a_card_of_before_mixtures_were_measured_ranks_them_part_by_part(folder: Path) -> None:
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    assert card.pop("mixing") == {"text+image": "fusion", "text+image+speech": "mean"}
    (folder / CARD).write_text(json.dumps(card), encoding="utf-8")
    assert load_alignment(folder, ENCODERS).card.mixing == {}


@pytest.mark.parametrize("mixing", [{"text": "sum"}, {"text+smell": "sum"}, {"text+image": "best"}, ["text+image"], 3])
def test_a_mixture_that_is_none_is_refused(folder: Path, mixing: object) -> None:
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    (folder / CARD).write_text(json.dumps({**card, "mixing": mixing}), encoding="utf-8")
    with pytest.raises(ArtifactInvalid, match="is not an alignment's card"):
        AlignmentCard.read(folder / CARD)


def test_a_mean_weighs_its_parts(folder: Path) -> None:
    vectors = {m: np.eye(6, dtype=np.float32)[[place]] for place, m in enumerate((Modality.TEXT, Modality.IMAGE))}
    weights = {Modality.TEXT: np.array([3], np.float32), Modality.IMAGE: np.array([4], np.float32)}
    mixed = load_alignment(folder, ENCODERS).mix(Mixing.MEAN, vectors, weights)
    np.testing.assert_allclose(mixed, [[0.6, 0.8, 0, 0, 0, 0]], rtol=1e-6)


def test_one_vector_of_several_parts_has_the_mean_of_their_shares(folder: Path) -> None:
    loaded = load_alignment(folder, ENCODERS)
    shares = {
        query: {Modality.TEXT: own, Modality.IMAGE: 1 - own, Modality.SPEECH: 0.5}
        for query, own in zip(Modality, (0.8, 0.2, 0.5), strict=True)
    }
    alignment = Alignment(loaded.network, replace(loaded.card, shares=shares))
    mixed = alignment.mixed_shares({Modality.TEXT: 1.0, Modality.IMAGE: 0.5})
    assert mixed == pytest.approx({Modality.TEXT: 0.6, Modality.IMAGE: 0.4, Modality.SPEECH: 0.5})


def test_a_missing_artifact_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactInvalid, match="There is no alignment in"):
        load_alignment(tmp_path / "nowhere", ENCODERS)


def test_an_artifact_is_checked_without_being_loaded(folder: Path) -> None:
    check_alignment(folder)
    weights = bytearray((folder / WEIGHTS).read_bytes())
    weights[-1] ^= 1
    (folder / WEIGHTS).write_bytes(weights)
    with pytest.raises(ArtifactInvalid, match="checksums differ"):
        check_alignment(folder)


def test_a_worker_whose_alignment_is_damaged_does_not_start(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"")
    command = [sys.executable, "-m", "celery", "-q", "-A", "workers.celery", "worker", "-I", "workers.tasks.search"]
    urls = {"DATABASE_URL": "postgresql:///none", "REDIS_URL": "redis://127.0.0.1:1", "MEDIA_URL": str(folder)}
    environ = os.environ | urls | {"TRISEEK_ALIGNMENT": str(folder)}
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert ended.stderr.strip().splitlines()[-1].endswith("the checksums differ.")


def test_the_default_artifact_fits_the_default_encoders() -> None:
    assert load_alignment(DEFAULT, default_cards()).card.dim == 512
