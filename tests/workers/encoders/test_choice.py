import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import EncoderUnknown, WeightsInvalid
from app.settings import Settings, encoders_from_env
from app.types import Modality
from tests.workers.encoders import checkpoints
from workers.encoders import registry
from workers.encoders.choice import PRESETS, cards_named, cards_of, parse

TEXT, IMAGE, SPEECH = Modality
DEFAULTS = {modality: card.id for modality, card in registry.default_cards().items()}
LIGHT = """
import sys
from workers.encoders.choice import cards_of, parse
print(cards_of(parse("mfcc"))["speech"].id, "transformers" in sys.modules, "librosa" in sys.modules)
"""


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.bert(tmp_path_factory.mktemp("checkpoints") / "bert")


def test_a_preset_or_a_list_is_read() -> None:
    assert parse("") == parse("default") == {}
    assert parse("mfcc") == {SPEECH: "mfcc"}
    assert parse("hub") == {TEXT: "bert-base-uncased", IMAGE: "resnet50", SPEECH: "facebook/wav2vec2-base"}
    assert parse("clip")[TEXT] == parse("clip")[IMAGE]
    assert parse(" text = org/name , image=/models/resnet50") == {TEXT: "org/name", IMAGE: "/models/resnet50"}


@pytest.mark.parametrize("written", ["nothing", "text=", "sound=mfcc", "text=a,", "text=a,text=b", "mfcc,text=a"])
def test_what_is_neither_is_refused(written: str) -> None:
    with pytest.raises(EncoderUnknown):
        parse(written)


def test_an_unknown_preset_is_answered_with_those_there_are() -> None:
    with pytest.raises(EncoderUnknown, match=", ".join(PRESETS)):
        parse("nothing")


def test_modalities_that_are_left_out_keep_their_default() -> None:
    cards = cards_of({SPEECH: "mfcc", IMAGE: "resnet50"})
    assert cards[TEXT] == registry.default_cards()[TEXT]
    assert (cards[IMAGE].id, cards[IMAGE].dim) == ("resnet50@0676ba61b679", 2048)
    assert (cards[SPEECH].id, cards[SPEECH].dim) == ("mfcc@40-16k", 40)


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(
        EncoderUnknown, match=r"known are multilingual-e5-small, .*, all-minilm-l6-v2; also a repository"
    ):
        cards_of({TEXT: "no-such-encoder"})


def test_an_encoder_of_another_modality_is_refused() -> None:
    with pytest.raises(EncoderUnknown, match="'mfcc' encodes speech, not text"):
        cards_of({TEXT: "mfcc"})


def test_a_checkpoint_of_another_kind_is_answered_with_those_that_are_read(bert: Path) -> None:
    with pytest.raises(WeightsInvalid, match="is bert, which encodes no speech here; for speech are read: wav2vec2"):
        cards_of({SPEECH: str(bert)})


def test_what_an_alignment_names_is_found_by_name_or_where_the_choice_says(bert: Path) -> None:
    card = cards_of({TEXT: str(bert)})[TEXT]
    named = {**DEFAULTS, TEXT: card.id, SPEECH: "mfcc@40-16k"}
    found = cards_named(named, {TEXT: str(bert)})
    assert {modality: own.id for modality, own in found.items()} == named
    with pytest.raises(EncoderUnknown, match=f"by {card.id}, .* --encoders text=FOLDER or in TRISEEK_ENCODERS"):
        cards_named(named, {})


def test_what_the_choice_says_comes_before_the_name() -> None:
    assert cards_named(DEFAULTS, {SPEECH: "mfcc"})[SPEECH].name == "mfcc"


def test_weights_that_change_under_their_card_are_refused(tmp_path: Path) -> None:
    card = cards_of({TEXT: str(checkpoints.bert(tmp_path))})[TEXT]
    with (tmp_path / "model.safetensors").open("ab") as file:
        file.write(b"more")
    with pytest.raises(WeightsInvalid, match="has changed"):
        registry.load(card, "cpu")


def test_the_choice_is_a_setting() -> None:
    environ = {"DATABASE_URL": "d", "REDIS_URL": "r", "MEDIA_URL": "m", "TRISEEK_ENCODERS": "text=/models/bert"}
    assert Settings.from_env(environ).encoders == encoders_from_env(environ) == "text=/models/bert"
    assert Settings.from_env({**environ, "TRISEEK_ENCODERS": ""}).encoders == encoders_from_env({}) == ""


def test_cards_of_named_encoders_cost_no_library() -> None:
    shown = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["mfcc@40-16k", "False", "False"]
