import subprocess
import sys

import pytest

from app.errors import EncoderUnknown
from app.types import Modality
from workers.encoders import registry

WITHOUT_WEIGHTS = """
from workers.encoders import registry, weights
weights.WeightFile.verified = None  # nothing may ask for a file
print(*(card.id for card in registry.default_cards().values()))
"""


def test_every_modality_has_a_default_card() -> None:
    cards = registry.default_cards()
    assert set(cards) == set(Modality)
    for modality, card in cards.items():
        assert card.modality is modality
        assert card in registry.cards()
        assert card.licence in ("MIT", "Apache-2.0")


def test_cards_are_known_without_reading_weights() -> None:
    shown = subprocess.run([sys.executable, "-c", WITHOUT_WEIGHTS], capture_output=True, text=True, check=True).stdout
    assert shown.split() == [card.id for card in registry.default_cards().values()]


@pytest.mark.parametrize("card", registry.cards(), ids=lambda card: card.name)
def test_a_card_is_found_by_its_name_with_or_without_revision(card: registry.EncoderCard) -> None:
    assert registry.card_of(card.name) == registry.card_of(card.id) == card


@pytest.mark.parametrize("name", ["", "no-such-encoder", "whisper-base@000000000000"])
def test_an_unknown_name_or_revision_is_refused(name: str) -> None:
    with pytest.raises(EncoderUnknown):
        registry.load(name)


def test_an_encoder_is_loaded_by_its_card() -> None:
    card = registry.default_cards()[Modality.IMAGE]
    assert registry.load(card, device="cpu").card == card
