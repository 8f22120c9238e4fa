import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from app.errors import ArtifactInvalid
from app.types import EncoderCard, Modality
from workers.alignment.artifact import CARD, DEFAULT, WEIGHTS, AlignmentCard, load_alignment, save_alignment
from workers.alignment.network import AlignmentNetwork
from workers.encoders.registry import default_cards

ENCODERS = {
    modality: EncoderCard(name=f"e-{modality}", revision="1", modality=modality, dim=5, licence="MIT", source="here")
    for modality in Modality
}
SHARES = {query: dict.fromkeys(Modality, 0.5) for query in Modality}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    card = AlignmentCard(
        encoders={modality: encoder.id for modality, encoder in ENCODERS.items()},
        inputs=dict.fromkeys(Modality, 5),
        hidden=4,
        dim=6,
        shares=SHARES,
        sha256="",
    )
    save_alignment(tmp_path, AlignmentNetwork(card.inputs, 4, 6), card)
    return tmp_path


def test_what_was_saved_projects_to_unit_vectors(folder: Path) -> None:
    alignment = load_alignment(folder, ENCODERS)
    projected = alignment.project(Modality.IMAGE, np.ones((2, 5), dtype=np.float32))
    np.testing.assert_allclose(np.linalg.norm(projected, axis=1), 1, atol=1e-6)
    assert alignment.share(Modality.TEXT, Modality.IMAGE) == 0.5


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


def test_a_missing_artifact_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactInvalid):
        load_alignment(tmp_path / "nowhere", ENCODERS)


def test_the_default_artifact_fits_the_default_encoders() -> None:
    assert load_alignment(DEFAULT, default_cards()).card.dim == 512
