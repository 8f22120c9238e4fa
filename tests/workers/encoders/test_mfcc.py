import librosa
import numpy as np
import pytest
import torch

from workers.encoders import registry
from workers.encoders.mfcc import MfccEncoder

NOISE = np.random.default_rng(0)
SOUNDS = [NOISE.normal(0, 0.1, size=length).astype(np.float32) for length in (16_000, 5000, 30_000)]


@pytest.fixture(scope="module")
def encoder() -> MfccEncoder:
    loaded = registry.load("mfcc", "cpu")
    assert isinstance(loaded, MfccEncoder)
    return loaded


def test_it_is_the_mean_of_librosas_coefficients(encoder: MfccEncoder) -> None:
    expected = librosa.feature.mfcc(y=SOUNDS[0], sr=16_000, n_mfcc=40).mean(axis=1)
    np.testing.assert_allclose(encoder.encode([SOUNDS[0]])[0], expected, rtol=1e-4, atol=1e-3)


def test_a_batch_gives_each_recording_what_it_gets_alone(encoder: MfccEncoder) -> None:
    together = encoder.encode(SOUNDS)
    assert together.shape == (3, 40)
    np.testing.assert_allclose(together, np.concatenate([encoder.encode([sound]) for sound in SOUNDS]), rtol=1e-4)


def test_what_is_shorter_than_a_window_gives_finite_outputs(encoder: MfccEncoder) -> None:
    assert np.isfinite(encoder.encode([SOUNDS[0][:10]])).all()


def test_it_needs_no_gpu() -> None:
    assert registry.load("mfcc", "cuda" if torch.cuda.is_available() else "cpu").card.dim == 40
