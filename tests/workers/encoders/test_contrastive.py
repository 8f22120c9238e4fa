from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from app.errors import WeightsInvalid
from app.types import EncoderCard, Modality, Role
from tests.workers.encoders import checkpoints
from tests.workers.pictures import noise
from workers.encoders import registry
from workers.encoders.base import Encoder
from workers.encoders.choice import cards_of

TEXTS = ["red shoes", "a lamp", "q", "knife " * 30]
PICTURES = [noise(*size, seed=seed) for seed, size in enumerate([(60, 40), (32, 32), (500, 3), (3, 200), (1, 1)])]
DIMS = {"clip": 24, "siglip": 32}
KINDS: dict[str, Callable[[Path], Path]] = {"clip": checkpoints.clip, "siglip": checkpoints.siglip}


def _cards(folder: Path) -> dict[Modality, EncoderCard]:
    cards = cards_of({Modality.TEXT: str(folder), Modality.IMAGE: str(folder)})
    return {modality: cards[modality] for modality in (Modality.TEXT, Modality.IMAGE)}


@pytest.fixture(scope="module", params=list(KINDS))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return KINDS[request.param](tmp_path_factory.mktemp("checkpoints") / request.param)


@pytest.fixture(scope="module")
def encoders(folder: Path) -> dict[Modality, Encoder]:
    return {modality: registry.load(card, "cpu") for modality, card in _cards(folder).items()}


def test_both_halves_are_of_one_length(folder: Path, encoders: dict[Modality, Encoder]) -> None:
    assert encoders[Modality.TEXT].encode(TEXTS).shape == (4, DIMS[folder.name])
    assert encoders[Modality.IMAGE].encode(PICTURES).shape == (5, DIMS[folder.name])
    assert {encoder.card.dim for encoder in encoders.values()} == {DIMS[folder.name]}


@pytest.mark.parametrize(("modality", "contents"), [(Modality.TEXT, TEXTS), (Modality.IMAGE, PICTURES)])
def test_a_batch_gives_each_content_what_it_gets_alone(
    encoders: dict[Modality, Encoder], modality: Modality, contents: list[str]
) -> None:
    encoder = encoders[modality]
    alone = np.concatenate([encoder.encode([content]) for content in contents])
    np.testing.assert_allclose(encoder.encode(contents), alone, atol=1e-5)
    assert not np.allclose(alone[0], alone[1], atol=1e-2)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_gets_what_transformers_itself_gives(folder: Path, encoders: dict[Modality, Encoder], text: str) -> None:
    network, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    longest = network.config.text_config.max_position_embeddings
    padding = "max_length" if folder.name == "siglip" else False  # as SigLIP learnt, without a mask
    inputs = tokenizer(text, padding=padding, max_length=longest, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        expected = network.get_text_features(input_ids=inputs["input_ids"]).pooler_output
    np.testing.assert_allclose(encoders[Modality.TEXT].encode([text]), expected.numpy(), atol=1e-5)


def test_a_picture_gets_what_transformers_itself_gives(folder: Path, encoders: dict[Modality, Encoder]) -> None:
    network, processor = AutoModel.from_pretrained(folder).eval(), AutoImageProcessor.from_pretrained(folder)
    with torch.inference_mode():
        expected = network.get_image_features(
            **processor([Image.fromarray(picture) for picture in PICTURES[:2]], return_tensors="pt")
        ).pooler_output
    np.testing.assert_allclose(encoders[Modality.IMAGE].encode(PICTURES[:2]), expected.numpy(), atol=1e-5)


def test_siglip_reads_texts_in_lower_case(tmp_path: Path) -> None:
    encoder = registry.load(_cards(checkpoints.siglip(tmp_path))[Modality.TEXT], "cpu")
    np.testing.assert_array_equal(
        encoder.prepare("Red Shoes", Role.QUERY).tensor, encoder.prepare("red shoes", Role.QUERY).tensor
    )


def test_a_checkpoint_of_both_names_no_classes(folder: Path) -> None:
    assert registry.classifier(_cards(folder)[Modality.IMAGE]) is None


def test_a_checkpoint_that_does_not_say_how_pictures_are_prepared_is_refused(tmp_path: Path) -> None:
    (checkpoints.clip(tmp_path) / "preprocessor_config.json").unlink()
    with pytest.raises(WeightsInvalid, match="how pictures are prepared"):
        registry.load(_cards(tmp_path)[Modality.IMAGE], "cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_agrees_within_the_precision_of_bfloat16(folder: Path, encoders: dict[Modality, Encoder]) -> None:
    for modality, contents in ((Modality.TEXT, TEXTS), (Modality.IMAGE, PICTURES)):
        found = registry.load(_cards(folder)[modality], "cuda").encode(contents)
        np.testing.assert_allclose(found, encoders[modality].encode(contents), atol=0.1)
