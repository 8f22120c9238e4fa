"""`triseek align weigh`: what dev decides of an artifact that is trained already."""

import json
import shutil
from pathlib import Path

from click.testing import CliRunner

from app.types import Modality
from tests.workers.training.sets import judged_set
from workers.__main__ import main
from workers.alignment.artifact import DEFAULT, WEIGHTS
from workers.alignment.card import CARD, AlignmentCard


def test_weights_are_chosen_anew_and_vectors_stay(tmp_path: Path) -> None:
    artifact, data = tmp_path / "artifact", tmp_path / "data"
    shutil.copytree(DEFAULT, artifact)
    card = json.loads((artifact / CARD).read_text())
    before = (artifact / WEIGHTS).read_bytes()
    odd = {modality: dict.fromkeys(Modality, 0.123) for modality in Modality}
    (artifact / CARD).write_text(json.dumps({**card, "shares": odd, "words_weight": 9.0, "transcript_share": 0.01}))
    data.mkdir()
    judged_set(data)
    command = ["align", "weigh", str(artifact), "--data", str(data), "--cache", str(tmp_path / "cache")]
    run = CliRunner().invoke(main, command)
    assert run.exit_code == 0, run.output
    found = AlignmentCard.read(artifact / CARD)
    assert found.words_weight < 9
    assert found.transcript_share > 0.01
    assert 0.123 not in found.shares[Modality.TEXT].values()
    assert found.sha256 == card["sha256"]
    assert (artifact / WEIGHTS).read_bytes() == before
    assert f"Words weigh {found.words_weight:g} beside the cosine" in run.output
