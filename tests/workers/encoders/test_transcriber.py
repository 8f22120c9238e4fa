import numpy as np
import pytest

from app.sample.speech import synthesise
from workers.encoders.transcriber import BEAMS, RATE, Transcriber
from workers.media import MediaLimits, decode_sound

LIMITS = MediaLimits(max_pixels=1, max_seconds=60)


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return Transcriber.load(threads=1)


def test_what_is_said_is_written_down_in_several_readings(transcriber: Transcriber) -> None:
    said = decode_sound(synthesise("we would like to buy an umbrella and an orange", voice="en-us"), LIMITS)
    transcript = transcriber.transcribe(said)
    assert transcript.language == "en"
    assert transcript.text == transcript.readings[0]
    assert "orange" in transcript.text.casefold()
    assert 1 < len(transcript.readings) <= BEAMS
    assert len(set(transcript.readings)) == len(transcript.readings)


@pytest.mark.parametrize("seconds", [0.001, 0.4, 31])
def test_noise_of_any_length_is_no_error(transcriber: Transcriber, seconds: float) -> None:
    noise = np.random.default_rng(0).normal(scale=0.01, size=max(1, int(seconds * RATE))).astype(np.float32)
    transcript = transcriber.transcribe(noise)
    assert all(transcript.readings)
    assert transcript.text == (transcript.readings[0] if transcript.readings else "")
