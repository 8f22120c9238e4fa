import io
import wave
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.errors import VoiceUnknown
from app.sample import speech
from app.sample.speech import synthesise, variants, voices


def test_a_text_becomes_a_mono_wav_of_a_sensible_length() -> None:
    with wave.open(io.BytesIO(synthesise("a red apple", voice="en-gb-scotland"))) as recording:
        assert (recording.getnchannels(), recording.getsampwidth(), recording.getframerate()) == (1, 2, 22050)
        assert 0.5 < recording.getnframes() / recording.getframerate() < 3


def test_the_same_words_in_the_same_voice_are_the_same_bytes_whatever_was_said_before() -> None:
    first = synthesise("a red apple", voice="en-gb-scotland")
    synthesise("something else", voice="cmn")
    assert synthesise("a red apple", voice="en-gb-scotland") == first


def test_voice_rate_and_pitch_are_heard() -> None:
    plain = synthesise("a red apple", voice="en-us")
    assert len(synthesise("a red apple", voice="en-us", rate=100)) > 1.2 * len(plain)
    assert synthesise("a red apple", voice="en-us", pitch=90) != plain
    assert synthesise("a red apple", voice="en-us+m7") != plain


def test_many_threads_may_speak_at_once() -> None:
    words = ["apple", "hammer", "violin", "teapot"] * 4
    with ThreadPoolExecutor(4) as pool:
        spoken = list(pool.map(lambda word: synthesise(word, voice="en-gb"), words))
    assert spoken == [synthesise(word, voice="en-gb") for word in words]


@pytest.mark.parametrize("voice", ["xx", "", "en-us+nobody", "../en", "+f3"])
def test_an_unknown_voice_is_refused_by_name(voice: str) -> None:
    with pytest.raises(VoiceUnknown, match="there is no"):
        synthesise("a red apple", voice=voice)


def test_a_long_installation_path_is_reached_through_a_short_link(monkeypatch: pytest.MonkeyPatch) -> None:
    speech._data_path.cache_clear()
    monkeypatch.setattr(speech, "_LONGEST_PATH", 1)
    assert speech._data_path().is_symlink()
    assert synthesise("a red apple", voice="en-gb").startswith(b"RIFF")
    speech._data_path.cache_clear()


def test_english_and_chinese_voices_and_the_usual_variants_are_there() -> None:
    assert {"en-gb", "en-us", "en-gb-scotland", "cmn"} <= set(voices())
    assert {"f3", "f5", "m7"} <= set(variants())
