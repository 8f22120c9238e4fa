from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from torchvision.models import ResNet50_Weights, resnet50
from transformers import AutoModel

from app.errors import WeightsInvalid
from app.types import EncoderCard, Modality, Role
from tests.workers.encoders import checkpoints
from tests.workers.pictures import noise
from workers.encoders import registry, resnet
from workers.encoders.choice import cards_of
from workers.encoders.resnet import ResNetEncoder

SIZES = [(300, 400), (640, 360), (224, 224), (40, 90)]
PICTURES = [noise(*size, seed=seed) for seed, size in enumerate(SIZES)]


def _card(path: Path) -> EncoderCard:
    return cards_of({Modality.IMAGE: str(path)})[Modality.IMAGE]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.resnet50_state(tmp_path_factory.mktemp("checkpoints") / "resnet50.pth")


@pytest.fixture(scope="module")
def encoder(state: Path) -> ResNetEncoder:
    loaded = registry.load(_card(state), "cpu")
    assert isinstance(loaded, ResNetEncoder)
    return loaded


def _similarity(left: np.ndarray, right: np.ndarray) -> float:
    return float(left @ right / np.linalg.norm(left) / np.linalg.norm(right))


def test_a_batch_gives_each_picture_what_it_gets_alone(encoder: ResNetEncoder) -> None:
    together = encoder.encode(PICTURES)
    assert together.shape == (4, 2048) == (4, encoder.card.dim)
    alone = np.concatenate([encoder.encode([picture]) for picture in PICTURES])
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-3)


def test_it_agrees_with_torchvisions_own_network(encoder: ResNetEncoder, state: Path) -> None:
    network = resnet50()
    network.load_state_dict(torch.load(state, weights_only=True))
    network.fc = nn.Identity()
    prepared = encoder.prepare(PICTURES[2], Role.PASSAGE)
    normalise = ResNet50_Weights.IMAGENET1K_V1.transforms(crop_size=224, resize_size=224)
    with torch.inference_mode():
        expected = network.eval()(normalise(prepared.tensor)[None])[0]
    np.testing.assert_allclose(encoder.pool([prepared])[0], expected.numpy(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("picture", PICTURES, ids=[f"{width}x{height}" for width, height in SIZES])
def test_it_sees_what_torchvision_would_show_it(encoder: ResNetEncoder, picture: np.ndarray) -> None:
    expected = ResNet50_Weights.IMAGENET1K_V1.transforms()(Image.fromarray(picture)).numpy()
    pixels = encoder.prepare(picture, Role.PASSAGE).tensor / 255
    found = ((pixels - encoder.mean) / encoder.deviation).numpy()
    assert found.shape == expected.shape == (3, 224, 224)
    assert np.abs(found - expected).mean() < 0.05


def test_folders_and_safetensors_hold_the_same_weights(tmp_path: Path, encoder: ResNetEncoder) -> None:
    weights = checkpoints.resnet50_state(tmp_path / "photos" / "anything.safetensors")
    for path in (weights, weights.parent):
        card = _card(path)
        assert card.name == ("anything" if path is weights else "photos")
        found = registry.load(card, "cpu").encode(PICTURES[:1])
        np.testing.assert_allclose(found, encoder.encode(PICTURES[:1]), rtol=1e-3, atol=1e-3)


def test_the_classifier_has_the_names_of_imagenet(state: Path) -> None:
    classifier = registry.classifier(_card(state))
    assert classifier is not None
    assert (classifier.weight.shape, classifier.bias.shape) == ((1000, 2048), (1000,))
    assert classifier.names[:2] == ("tench", "goldfish")
    torch.testing.assert_close(classifier.weight, torch.load(state, weights_only=True)["fc.weight"])


def test_classes_that_nobody_named_are_no_classifier(tmp_path: Path) -> None:
    card = _card(checkpoints.resnet50_state(tmp_path / "seven.pth", classes=7))
    assert registry.classifier(card) is None
    assert registry.load(card, "cpu").encode(PICTURES[:1]).shape == (1, 2048)


def test_a_checkpoint_of_transformers_gives_what_transformers_gives(tmp_path: Path) -> None:
    folder = checkpoints.resnet(tmp_path / "resnet")
    encoder = registry.load(_card(folder), "cpu")
    pixels = torch.stack([encoder.prepare(picture, Role.PASSAGE).tensor for picture in PICTURES]) / 255
    assert isinstance(encoder, ResNetEncoder)
    with torch.inference_mode():
        network = AutoModel.from_pretrained(folder).eval()
        expected = network((pixels - encoder.mean) / encoder.deviation).pooler_output.flatten(1)
    found = encoder.encode(PICTURES)
    assert found.shape == (4, 24)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)
    classifier = registry.classifier(encoder.card)
    assert classifier is not None
    assert classifier.names == ("shoe", "knife", "lamp")
    torch.testing.assert_close(classifier.weight, load_file(folder / "model.safetensors")["classifier.1.weight"])


def test_names_that_transformers_made_up_are_no_names(tmp_path: Path) -> None:
    folder = checkpoints.resnet(tmp_path, names=("LABEL_0", "LABEL_1"))
    assert registry.classifier(_card(folder)) is None


def test_another_networks_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "small.pth"
    torch.save({"conv1.weight": torch.zeros(64, 3, 7, 7)}, path)
    with pytest.raises(WeightsInvalid, match="does not fit ResNet-50"):
        registry.load(_card(path), "cpu")


class _Dangerous:
    def __reduce__(self) -> tuple[type, tuple[str]]:
        return (Path, ("ran",))


@pytest.mark.parametrize("content", [b"no tensors", None], ids=["damaged", "code"])
def test_files_that_hold_more_than_tensors_are_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "resnet50.pth"
    if content is None:
        torch.save({"fc.weight": _Dangerous()}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(WeightsInvalid, match="damaged, or holds more than tensors"):
        registry.load(_card(path), "cpu")


def test_where_nothing_can_be_downloaded_a_local_file_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    nowhere = EncoderCard(**{**vars(resnet.RESNET50), "source": "http://127.0.0.1:9/resnet50-0676ba61.pth"})
    monkeypatch.setattr(resnet, "RESNET50", nowhere)
    with pytest.raises(WeightsInvalid, match="give the local file instead"):
        registry.load("resnet50", "cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_agrees_within_the_precision_of_bfloat16(state: Path, encoder: ResNetEncoder) -> None:
    found, expected = registry.load(_card(state), "cuda").encode(PICTURES), encoder.encode(PICTURES)
    assert all(_similarity(*both) > 0.999 for both in zip(found, expected, strict=True))
