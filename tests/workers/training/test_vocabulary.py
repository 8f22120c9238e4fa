"""What the speech head learns from: nothing that the held-out queries are made of."""

from pathlib import Path

import numpy as np
import pytest

from app.sample.queries import VOICES as HELD_OUT_VOICES
from app.sample.queries import held_out
from app.types import Modality, Role
from tests.workers.training.sets import judged_set
from workers.encodings import TextContent
from workers.training.dictionary import DICTIONARY_PHRASES, DICTIONARY_WORDS, dictionary_pairs, english_names
from workers.training.freedict import Translation
from workers.training.synthetic import CARRIERS, VOICES, utterances, with_noise
from workers.training.vocabulary import TRANSLATED, synthetic_pairs, vocabulary


def test_no_held_out_voice_is_heard_in_training() -> None:
    words = {"en": [f"word {number}" for number in range(3000)]}
    voices = {said.voice for said in utterances(words, seed=0)}
    assert len(voices) > 40
    assert not voices & set(HELD_OUT_VOICES)


@pytest.mark.parametrize("language", CARRIERS)
def test_no_held_out_wording_is_heard_in_training(language: str) -> None:
    for carrier in CARRIERS[language]:
        around = [part.strip() for part in carrier.split("{}") if part.strip()]
        for query in held_out():
            asked = query.label.casefold()
            assert not all(part.casefold() in asked.replace("?", "") for part in around) or len(around[0]) < 4, carrier


def test_a_vocabulary_that_grows_keeps_its_utterances() -> None:
    few = list(utterances({"en": ["hammer", "saw"]}, seed=4))
    many = list(utterances({"en": ["nail", "saw", "hammer", "saw"]}, seed=4))
    assert len(many) == 3
    assert set(few) < set(many)


def test_the_vocabulary_shows_nothing_of_other_splits(tmp_path: Path) -> None:
    judged = judged_set(tmp_path)
    words = vocabulary([judged], seed=0)
    assert set(words) == set(VOICES)
    assert "red shirt" in {word.casefold() for word in words["en"]}
    assert "红衬衫" in words["zh"]
    assert "厨房刀" not in words["zh"]
    assert "obsidian kitchen knife" not in {word.casefold() for word in words["en"]}


def test_the_most_frequent_words_that_dictionaries_translate_are_spoken(tmp_path: Path) -> None:
    translated = [Translation("de", f"Wort{number}", f"word {number}") for number in range(TRANSLATED + 1)]
    german = vocabulary([judged_set(tmp_path)], seed=0, translated=translated)["de"]
    assert f"Wort{TRANSLATED - 1}" in german
    assert f"Wort{TRANSLATED}" not in german


def test_a_recording_and_its_carrier_phrase_stand_for_the_word(tmp_path: Path) -> None:
    pairs = list(synthetic_pairs([judged_set(tmp_path)], seed=0))
    heard = [pair for pair in pairs if pair.left[0] is Modality.SPEECH]
    written = [pair for pair in pairs if pair.left[0] is Modality.TEXT]
    assert len(heard) > 8000
    assert 0.3 < len(written) / len(heard) < 0.7  # those in a carrier phrase
    for pair in written[:50]:
        (_, said), (_, meant) = pair.left, pair.right
        assert isinstance(said, TextContent)
        assert isinstance(meant, TextContent)
        assert meant.text in said.text
        assert meant.text != said.text


def test_the_dictionary_has_words_for_things_with_short_meanings() -> None:
    pairs = list(dictionary_pairs(seed=0, most=100_000))
    meanings = {
        (pair.left[1].text, pair.right[1].text)
        for pair in pairs
        if isinstance(pair.left[1], TextContent) and isinstance(pair.right[1], TextContent)
    }
    assert any("雨伞" in word and meaning == "umbrella" for word, meaning in meanings)
    assert all(1 <= len(meaning.split()) <= 3 for _, meaning in meanings)
    assert not any(meaning.startswith("to ") for _, meaning in meanings)
    assert "a taxi" not in {meaning for _, meaning in meanings}, "of the particle 的, which names nothing"
    assert "umbrella" in english_names()


def test_as_many_words_are_taken_as_were_asked_for_the_most_frequent_ones_first() -> None:
    few, many = ([pair.right[1] for pair in dictionary_pairs(seed=1, most=most)] for most in (50, 500))
    assert len(few) == 50
    assert many[:50] == few
    assert TextContent("world", Role.PASSAGE) in few
    assert TextContent("carpenter's plane", Role.PASSAGE) not in many


def test_the_seed_draws_which_words_are_within_a_phrase() -> None:
    first, again, other = (list(dictionary_pairs(seed=seed, most=50)) for seed in (1, 1, 2))
    assert first == again != other
    assert {pair.set for pair in first} == {DICTIONARY_WORDS, DICTIONARY_PHRASES}


def test_noise_lies_as_far_below_the_speech_as_it_was_asked_to() -> None:
    speech = np.sin(np.arange(16_000) / 5, dtype=np.float32)
    noise = with_noise(speech, 20.0, "key") - speech
    ratio = 20 * np.log10(np.sqrt((speech**2).mean()) / np.sqrt((noise**2).mean()))
    assert abs(ratio - 20) < 0.2
    np.testing.assert_array_equal(with_noise(speech, 20.0, "key"), with_noise(speech, 20.0, "key"))
    assert with_noise(speech, 0.0, "key") is speech
