"""Alignments of other encoders than the default ones, from training to a worker."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from app.errors import ArtifactInvalid, EncoderUnknown
from app.settings import Settings
from app.types import Modality, Role
from tests.workers import pictures, sounds
from tests.workers.cli.test_align import FEW_STEPS
from tests.workers.encoders import checkpoints
from tests.workers.training.sets import judged_set
from workers.alignment.artifact import DEFAULT
from workers.alignment.card import CARD, AlignmentCard
from workers.alignment.picture_head import ClassifierShape
from workers.cli import align
from workers.cli.evaluate import evaluate
from workers.embedder import Embedded, Embedder
from workers.training.pair_sets import SMALLEST

FEW = ("--steps", "2", "--no-synthetic", "--dictionary", "0", "--threads", "1")


def _judged(folder: Path) -> None:
    """A set with enough products to learn from, each with a picture and spoken by one query."""
    judged_set(folder)
    products, queries = (folder / f"{name}.jsonl" for name in ("catalogue", "queries"))
    for number in range(2 * SMALLEST):
        Image.fromarray(pictures.noise(40, 40, seed=100 + number)).save(folder / f"{number}.png")
        tone = sounds.tone(16_000, 0.3, hertz=200 + 20 * number)
        (folder / f"{number}.wav").write_bytes(sounds.encoded(tone, 16_000, "wav", "pcm_s16le"))
        split = "val" if number % 10 == 0 else "train"
        product = {"id": str(number), "title": f"Shoe {number}", "images": [f"{number}.png"], "split": split}
        query = {"id": f"said {number}", "modality": "speech", "audio": f"{number}.wav", "relevant": [str(number)]}
        for path, row in ((products, product), (queries, {**query, "split": split})):
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A judged set, two checkpoints, and the artifact that was trained with them."""
    folder = tmp_path_factory.mktemp("other")
    _judged(folder)
    checkpoints.bert(folder / "bert")
    checkpoints.resnet(folder / "resnet")
    files = ["--data", str(folder), "--out", str(folder / "out"), "--cache", str(folder / "cache")]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(align, "TrainingSettings", FEW_STEPS)
        run = CliRunner().invoke(align.align, ["train", *files, *FEW, "--encoders", f"{_chosen(folder)},speech=mfcc"])
    assert run.exit_code == 0, (run.output, run.exception)
    return folder


def _chosen(folder: Path) -> str:
    return f"text={folder / 'bert'},image={folder / 'resnet'}"


def _evaluate(folder: Path, *options: str) -> Result:
    files = ["--data", str(folder), "--alignment", str(folder / "out"), "--cache", str(folder / "cache")]
    return CliRunner().invoke(evaluate, [*files, "--no-transcripts", "--threads", "1", *options])


def _settings(folder: Path, encoders: str) -> Settings:
    return Settings(database_url="", redis_url="", media_url="", alignment=folder / "out", encoders=encoders)


def test_the_artifact_names_its_encoders(folder: Path) -> None:
    card = AlignmentCard.read(folder / "out" / CARD)
    assert [name.partition("@")[0] for name in card.encoders.values()] == ["bert", "resnet", "mfcc"]
    assert card.inputs == {Modality.TEXT: 32, Modality.IMAGE: 24, Modality.SPEECH: 40}
    assert card.classifier == ClassifierShape(classes=3, channels=24, colours=0)


def test_evaluate_loads_the_encoders_of_the_artifact(folder: Path) -> None:
    written = folder / "matrix.json"
    files = ["--json", str(written), "--against-alignment", str(DEFAULT)]
    run = _evaluate(folder, "--split", "val", "--encoders", _chosen(folder), *files)
    assert run.exit_code == 0, (run.output, run.exception)
    matrix = json.loads(written.read_text())
    assert "text=bert@" in matrix["space"]
    assert "speech=mfcc@40-16k" in matrix["space"]
    assert {row["query"] for row in matrix["rows"]} == {"text", "image", "speech"}
    assert matrix["comparison"]["rows"]


def test_evaluate_reads_where_encoders_are_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRISEEK_ENCODERS", _chosen(folder))
    run = _evaluate(folder, "--split", "val")
    assert run.exit_code == 0, (run.output, run.exception)


def test_evaluate_asks_where_an_encoder_is(folder: Path) -> None:
    run = _evaluate(folder)
    assert isinstance(run.exception, EncoderUnknown)
    assert "TRISEEK_ENCODERS" in run.exception.detail


@pytest.mark.parametrize("other", ["speech=whisper-base-segments", "text=multilingual-e5-small"])
def test_an_artifact_of_other_encoders_is_refused(folder: Path, other: str) -> None:
    modality = other.partition("=")[0]
    chosen = [part for part in _chosen(folder).split(",") if not part.startswith(modality)]
    run = _evaluate(folder, "--encoders", ",".join([*chosen, other]))
    assert isinstance(run.exception, ArtifactInvalid)
    assert f"aligns {modality} of" in run.exception.detail


def test_an_artifact_of_another_revision_is_refused(folder: Path, tmp_path: Path) -> None:
    newer = checkpoints.bert(tmp_path / "bert", places=190)
    run = _evaluate(folder, "--encoders", f"text={newer},image={folder / 'resnet'}")
    assert isinstance(run.exception, ArtifactInvalid)
    assert "aligns text of bert@" in run.exception.detail


def test_a_worker_embeds_with_the_encoders_of_the_artifact(folder: Path) -> None:
    embedder = Embedder.load(_settings(folder, _chosen(folder)))
    contents = {
        Modality.TEXT: "red shoe",
        Modality.IMAGE: (folder / "1.png").read_bytes(),
        Modality.SPEECH: (folder / "1.wav").read_bytes(),
    }
    for modality, content in contents.items():
        (found,) = embedder.embed(modality, [content], Role.QUERY)
        assert isinstance(found, Embedded)
        assert np.linalg.norm(found.vector) == pytest.approx(1, abs=1e-4)
    assert embedder.space_key.encoders == AlignmentCard.read(folder / "out" / CARD).encoders


def test_a_worker_asks_where_an_encoder_is(folder: Path) -> None:
    with pytest.raises(EncoderUnknown, match="TRISEEK_ENCODERS"):
        Embedder.load(_settings(folder, ""))
