"""Recordings of every format that is promised, and those that are none."""

import io
import tracemalloc

import av
import numpy as np
import pytest

from app.errors import MediaTooLarge, MediaUnreadable
from tests.workers import pictures, sounds
from workers.media import MediaLimits, decode_sound, trim

LIMITS = MediaLimits(max_pixels=1, max_seconds=5)
RATE = 16_000
# container, encoder, rate
SOUNDS = {
    "wav": ("wav", "pcm_s16le", 44_100),
    "wav of 8 bits": ("wav", "pcm_u8", 16_000),
    "wav of 24 bits": ("wav", "pcm_s24le", 16_000),
    "flac": ("flac", "flac", 44_100),
    "mp3": ("mp3", "libmp3lame", 44_100),
    "ogg opus": ("ogg", "libopus", 48_000),
    "webm opus": ("webm", "libopus", 48_000),
    "m4a": ("ipod", "aac", 44_100),
}


def _sound(data: bytes) -> np.ndarray:
    return decode_sound(data, LIMITS)


def _wav(channels: np.ndarray, rate: int = RATE) -> bytes:
    return sounds.encoded(channels, rate, "wav", "pcm_s16le")


@pytest.mark.parametrize("name", SOUNDS)
def test_a_recording_of_each_format_gives_the_same_tone(name: str) -> None:
    container, codec, rate = SOUNDS[name]
    if codec not in av.codecs_available:
        pytest.skip(f"this build of PyAV has no {codec}")
    waveform = _sound(sounds.encoded(sounds.tone(rate), rate, container, codec))
    assert waveform.dtype == np.float32
    assert len(waveform) == pytest.approx(RATE, rel=0.1)
    assert sounds.loudest(waveform, RATE) == pytest.approx(sounds.TONE, abs=3)
    assert np.sqrt(np.mean(waveform**2)) == pytest.approx(0.5 / 2**0.5, rel=0.1)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 48_000, 96_000])
def test_every_rate_becomes_sixteen_kilohertz(rate: int) -> None:
    waveform = _sound(_wav(sounds.tone(rate), rate))
    middle = slice(2_000, 14_000)  # a resampler rings at the ends
    np.testing.assert_allclose(waveform[middle], sounds.tone(RATE)[middle], atol=0.01)


def test_channels_are_averaged() -> None:
    stereo = np.stack([sounds.tone(RATE), np.zeros(RATE, dtype=np.float32)])
    np.testing.assert_allclose(_sound(_wav(stereo)), sounds.tone(RATE) / 2, atol=1e-3)


def test_another_rate_is_given_when_asked_for() -> None:
    waveform = decode_sound(_wav(sounds.tone(RATE)), LIMITS, rate=8_000)
    assert sounds.loudest(waveform, 8_000) == pytest.approx(sounds.TONE, abs=3)


def test_a_recording_of_just_the_limit_is_read_and_a_longer_one_refused() -> None:
    assert len(_sound(_wav(sounds.tone(RATE, 5)))) == 5 * RATE
    with pytest.raises(MediaTooLarge, match="longer than 5 seconds"):
        _sound(_wav(sounds.tone(RATE, 5.1)))


def test_a_recording_that_is_too_long_is_not_decoded_to_its_end() -> None:
    data = sounds.encoded(sounds.tone(RATE, 600), RATE, "flac", "flac")
    tracemalloc.start()
    with pytest.raises(MediaTooLarge):
        _sound(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 600 * RATE * 4 / 4  # all of it would be four bytes a sample


def test_silence_is_refused() -> None:
    with pytest.raises(MediaUnreadable, match="silent"):
        _sound(_wav(np.zeros(RATE)))


def test_a_click_is_refused() -> None:
    with pytest.raises(MediaUnreadable, match=r"shorter than 0\.1 seconds"):
        _sound(_wav(sounds.tone(RATE, 0.05)))


def test_silence_around_the_sound_is_cut_off() -> None:
    silence = np.zeros(RATE, dtype=np.float32)
    waveform = _sound(_wav(np.concatenate([silence, sounds.tone(RATE, 0.5), silence])))
    assert 0.5 <= len(waveform) / RATE <= 0.8


def test_a_pause_within_the_sound_is_kept() -> None:
    word, pause = sounds.tone(RATE, 0.3), np.zeros(RATE, dtype=np.float32)
    assert len(trim(np.concatenate([word, pause, word]), RATE)) == pytest.approx(1.6 * RATE, abs=0.05 * RATE)


@pytest.mark.parametrize("data", [b"a word\n" * 100, b"#EXTM3U\nfile:///etc/passwd\n", b"RIFF", b"ID3"])
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    with pytest.raises(MediaUnreadable):
        _sound(data)


def test_a_picture_is_no_recording() -> None:
    with pytest.raises(MediaUnreadable):
        _sound(pictures.encoded(pictures.halves(), "PNG"))


def test_a_film_without_sound_is_no_recording() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as output:
        stream = output.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuvj420p"
        for frame in (av.VideoFrame.from_image(pictures.halves()), None):
            for packet in stream.encode(frame):
                output.mux(packet)
    with pytest.raises(MediaUnreadable, match="holds no sound"):
        _sound(file.getvalue())


def test_no_bytes_are_no_recording() -> None:
    with pytest.raises(MediaUnreadable, match="empty"):
        _sound(b"")


def test_a_cut_off_recording_is_read_as_far_as_it_goes() -> None:
    data = sounds.encoded(sounds.tone(RATE, 4), RATE, "mp3", "libmp3lame")
    waveform = _sound(data[: len(data) // 2])
    assert len(waveform) == pytest.approx(2 * RATE, rel=0.15)
    assert sounds.loudest(waveform, RATE) == pytest.approx(sounds.TONE, abs=3)
