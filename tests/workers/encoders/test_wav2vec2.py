import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoFeatureExtractor, AutoModel

from app.errors import WeightsInvalid
from app.types import EncoderCard, Modality, Role
from tests.workers.encoders import checkpoints
from workers.encoders import registry, wav2vec2
from workers.encoders.choice import cards_of
from workers.encoders.wav2vec2 import Wav2Vec2Encoder

LENGTHS = (8000, 27_123, 1600, 8000, 16_001)  # samples
NOISE = np.random.default_rng(0)
SOUNDS = [(NOISE.normal(0.02, 0.1, size=length) * np.linspace(0, 1, length)).astype(np.float32) for length in LENGTHS]


def _card(folder: Path) -> EncoderCard:
    return cards_of({Modality.SPEECH: str(folder)})[Modality.SPEECH]


@pytest.fixture(scope="module", params=["group", "layer"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.wav2vec2(tmp_path_factory.mktemp("checkpoints") / request.param, request.param)


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Wav2Vec2Encoder:
    loaded = registry.load(_card(folder), "cpu")
    assert isinstance(loaded, Wav2Vec2Encoder)
    return loaded


def _expected(folder: Path, sound: np.ndarray) -> np.ndarray:
    """By transformers alone, one recording at a time."""
    extractor, network = AutoFeatureExtractor.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        inputs = extractor(sound, sampling_rate=16_000, return_tensors="pt")
        hidden: torch.Tensor = network(inputs["input_values"]).last_hidden_state
    return hidden[0].mean(0).numpy()


def test_a_batch_gives_each_recording_what_it_gets_alone(encoder: Wav2Vec2Encoder) -> None:
    together = encoder.encode(SOUNDS)
    assert together.shape == (5, 32)
    alone = np.concatenate([encoder.encode([sound]) for sound in SOUNDS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert not np.allclose(together[0], together[3], atol=1e-3)


@pytest.mark.parametrize("place", range(3))
def test_it_is_the_mean_of_what_transformers_itself_gives(encoder: Wav2Vec2Encoder, folder: Path, place: int) -> None:
    np.testing.assert_allclose(encoder.encode(SOUNDS)[place], _expected(folder, SOUNDS[place]), atol=1e-5)


def test_loudness_counts_only_where_the_checkpoint_says_so(tmp_path: Path, encoder: Wav2Vec2Encoder) -> None:
    quiet = SOUNDS[0] / 4
    np.testing.assert_allclose(encoder.encode([quiet]), encoder.encode([SOUNDS[0]]), atol=1e-3)
    raw = registry.load(_card(checkpoints.wav2vec2(tmp_path, "layer", normalised=False)), "cpu")
    prepared = raw.prepare(quiet, Role.PASSAGE)
    np.testing.assert_array_equal(prepared.tensor.numpy(), quiet)


def test_a_long_recording_is_read_in_equal_windows(encoder: Wav2Vec2Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = encoder.prepare(SOUNDS[1], Role.PASSAGE)
    monkeypatch.setattr(wav2vec2, "LONGEST", 10_000)
    with torch.inference_mode():
        states = encoder.forward([whole, encoder.prepare(SOUNDS[2], Role.PASSAGE)])
        parts = [encoder._pass([part])[0] for part in torch.tensor_split(whole.tensor, 3)]
    found = states.hidden[0][states.mask[0]]
    torch.testing.assert_close(found, torch.cat(parts), atol=1e-5, rtol=0)


def test_what_is_shorter_than_a_frame_gives_finite_outputs(encoder: Wav2Vec2Encoder) -> None:
    assert np.isfinite(encoder.encode([np.full(5, 0.1, dtype=np.float32), SOUNDS[0]])).all()


def test_another_rate_is_refused(tmp_path: Path) -> None:
    settings = checkpoints.wav2vec2(tmp_path, "layer") / "preprocessor_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"sampling_rate": 8000}))
    with pytest.raises(WeightsInvalid, match="8000 Hz"):
        registry.load(_card(tmp_path), "cpu")


def test_a_checkpoint_that_does_not_say_how_recordings_are_prepared_is_refused(tmp_path: Path) -> None:
    (checkpoints.wav2vec2(tmp_path, "group") / "preprocessor_config.json").unlink()
    with pytest.raises(WeightsInvalid, match="how recordings are prepared"):
        registry.load(_card(tmp_path), "cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_agrees_within_the_precision_of_bfloat16(folder: Path, encoder: Wav2Vec2Encoder) -> None:
    found = registry.load(_card(folder), "cuda").encode(SOUNDS)
    np.testing.assert_allclose(found, encoder.encode(SOUNDS), atol=0.1)
