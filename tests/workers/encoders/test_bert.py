import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer

from app.errors import WeightsInvalid
from app.types import EncoderCard, Modality, Role
from tests.workers.encoders import checkpoints
from workers.encoders import registry
from workers.encoders.bert import LONGEST, BertEncoder
from workers.encoders.choice import cards_of

TEXTS = ["red shoes", "a lamp for my desk", "", "knife " * 500, "Blue"]


def _card(folder: Path) -> EncoderCard:
    return cards_of({Modality.TEXT: str(folder)})[Modality.TEXT]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.bert(tmp_path_factory.mktemp("checkpoints") / "small-bert")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> BertEncoder:
    loaded = registry.load(_card(folder), "cpu")
    assert isinstance(loaded, BertEncoder)
    return loaded


def test_its_card_is_known_by_the_configuration(folder: Path) -> None:
    card = _card(folder)
    assert (card.name, card.modality, card.dim, card.segments) == ("small-bert", Modality.TEXT, 32, 1)
    assert card.source == str(folder)


def test_a_padded_batch_gives_each_text_what_it_gets_alone(encoder: BertEncoder) -> None:
    together = encoder.encode(TEXTS)
    assert together.shape == (5, 32)
    assert together.dtype == np.float32
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert not np.allclose(together[0], together[1], atol=1e-2)


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_the_mean_of_what_transformers_itself_gives(encoder: BertEncoder, folder: Path, text: str) -> None:
    network, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        inputs = tokenizer(text, truncation=True, max_length=LONGEST, return_tensors="pt")
        expected = network(**inputs).last_hidden_state[0].mean(0)
    np.testing.assert_allclose(encoder.encode([text], Role.QUERY)[0], expected.numpy(), atol=1e-5)


def test_no_text_is_longer_than_the_places_that_there_are(tmp_path: Path) -> None:
    encoder = BertEncoder.load(checkpoints.bert(tmp_path, places=10), _card(tmp_path), torch.device("cpu"))
    assert encoder.prepare("knife " * 500, Role.PASSAGE).length == 10


def test_texts_are_read_in_many_threads_at_once(encoder: BertEncoder) -> None:
    texts = [f"{'red ' * number}shoe" for number in range(40)] * 5
    with ThreadPoolExecutor(8) as pool:
        lengths = list(pool.map(lambda text: encoder.prepare(text, Role.PASSAGE).length, texts))
    assert lengths == [number + 3 for number in range(40)] * 5


def test_weights_that_are_missing_are_not_made_up(tmp_path: Path) -> None:
    weights = checkpoints.bert(tmp_path) / "model.safetensors"
    state = load_file(weights)
    del state["encoder.layer.1.output.dense.weight"]
    save_file(state, weights, metadata={"format": "pt"})
    with pytest.raises(WeightsInvalid, match=r"lacks weights .* encoder\.layer\.1\.output\.dense\.weight"):
        registry.load(_card(tmp_path), "cpu")


def test_a_pooler_is_not_needed(tmp_path: Path, encoder: BertEncoder) -> None:
    weights = checkpoints.bert(tmp_path) / "model.safetensors"
    state = {name: tensor for name, tensor in load_file(weights).items() if not name.startswith("pooler.")}
    save_file(state, weights, metadata={"format": "pt"})
    found = registry.load(_card(tmp_path), "cpu").encode(TEXTS)
    np.testing.assert_allclose(found, encoder.encode(TEXTS), atol=1e-6)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    weights = checkpoints.bert(tmp_path) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(WeightsInvalid, match="cannot be loaded"):
        registry.load(_card(tmp_path), "cpu")


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    checkpoints.bert(tmp_path)
    for path in tmp_path.glob("*token*"):
        path.unlink()
    with pytest.raises(WeightsInvalid, match="no tokenizer"):
        registry.load(_card(tmp_path), "cpu")


def test_code_that_a_checkpoint_brings_is_not_run(tmp_path: Path, encoder: BertEncoder) -> None:
    config = checkpoints.bert(tmp_path) / "config.json"
    told = json.loads(config.read_text()) | {"auto_map": {"AutoModel": "evil.Evil", "AutoConfig": "evil.Evil"}}
    config.write_text(json.dumps(told))
    (tmp_path / "evil.py").write_text("raise SystemExit('it ran')\n")
    found = registry.load(_card(tmp_path), "cpu").encode(TEXTS)
    np.testing.assert_allclose(found, encoder.encode(TEXTS), atol=1e-6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_agrees_within_the_precision_of_bfloat16(folder: Path, encoder: BertEncoder) -> None:
    found = registry.load(_card(folder), "cuda").encode(TEXTS)
    np.testing.assert_allclose(found, encoder.encode(TEXTS), atol=0.05)
