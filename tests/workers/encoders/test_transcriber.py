import unicodedata

import numpy as np
import pytest

from app.sample.speech import synthesise
from workers.encoders.transcriber import LANGUAGES, RATE, READINGS, Transcriber
from workers.media import MediaLimits, decode_sound

LIMITS = MediaLimits(max_pixels=1, max_seconds=60)


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return Transcriber.load(threads=1)


def test_what_is_said_is_written_down_in_several_readings(transcriber: Transcriber) -> None:
    said = decode_sound(synthesise("we would like to buy an umbrella and an orange", voice="en-us"), LIMITS)
    transcript = transcriber.transcribe(said)
    assert transcript.language == "en"
    assert "orange" in transcript.text.casefold()
    assert 1 < len(transcript.readings) <= READINGS
    assert len(set(transcript.readings)) == len(transcript.readings)


def test_readings_are_as_names_are_typed(transcriber: Transcriber) -> None:
    said = decode_sound(synthesise("Do you have an umbrella? I want an orange.", voice="en-us"), LIMITS)
    transcript = transcriber.transcribe(said)
    assert transcript.text[0].isupper()
    assert transcript.text[-1] in ".?"
    assert transcript.text.lower().rstrip(".?") in transcript.readings
    assert all(reading == reading.lower().strip(" .?") for reading in transcript.readings)


def test_a_word_that_may_be_of_several_languages_is_read_in_each(transcriber: Transcriber) -> None:
    transcript = transcriber.transcribe(decode_sound(synthesise("papillon", voice="fr-fr"), LIMITS))
    assert transcript.language != "fr"
    # With or without an accent: in 8 bits, the last digits are the processor's own.
    letters = {unicodedata.normalize("NFD", reading).replace("\u0301", "") for reading in transcript.readings}
    assert "papillon" in letters
    assert READINGS < len(transcript.readings) <= LANGUAGES * READINGS


@pytest.mark.parametrize("seconds", [0.001, 0.4, 31])
def test_noise_of_any_length_is_no_error(transcriber: Transcriber, seconds: float) -> None:
    noise = np.random.default_rng(0).normal(scale=0.01, size=max(1, int(seconds * RATE))).astype(np.float32)
    transcript = transcriber.transcribe(noise)
    assert all(transcript.readings)
    assert bool(transcript.text) >= bool(transcript.readings)
