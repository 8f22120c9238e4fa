"""Decoding in processes of their own: what crashes, hangs or takes too much there, and what comes back."""

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import psutil
import pytest
from PIL import Image

from app.errors import MediaTooLarge, MediaUnreadable
from app.types import Modality
from tests.workers import pictures, sounds
from workers.decoding.decoders import DecodeLimits, Decoders
from workers.media import MediaLimits, decode_image, decode_sound

MEDIA = MediaLimits(max_pixels=100_000_000, max_seconds=5)
SMALL = pictures.encoded(pictures.halves(), "PNG")
SOUND = sounds.encoded(sounds.tone(44_100), 44_100, "wav", "pcm_s16le")
SLOW = pictures.encoded(Image.effect_noise((9_000, 9_000), 90), "PNG", compress_level=1)  # takes about two seconds


Children = Callable[[], list[psutil.Process]]


def _decoding() -> list[psutil.Process]:
    found = []
    for each in psutil.Process().children():
        with suppress(psutil.Error):  # one may have just ended
            if "workers.decoding.child" in each.cmdline():
                found.append(each)
    return found


@pytest.fixture
def children() -> Children:
    """The decoding processes that came with the test, beside those of embedders that other tests share."""
    others = _decoding()
    return lambda: [each for each in _decoding() if each not in others]


def _at_work(decoders: Decoders, children: Children) -> psutil.Process:
    decoders.decode(Modality.IMAGE, SMALL)
    (child,) = children()
    return child


def test_what_is_decoded_is_what_would_be_decoded_here() -> None:
    decoders = Decoders(DecodeLimits(media=MEDIA), 1)
    np.testing.assert_array_equal(decoders.decode(Modality.IMAGE, SMALL), decode_image(SMALL, MEDIA))
    found = decoders.decode(Modality.SPEECH, SOUND)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, decode_sound(SOUND, MEDIA))


def test_one_process_decodes_one_content_after_another(children: Children) -> None:
    decoders = Decoders(DecodeLimits(media=MEDIA), 1)
    first = _at_work(decoders, children)
    with pytest.raises(MediaUnreadable, match="not a picture"):
        decoders.decode(Modality.IMAGE, b"nothing of the kind")
    assert _at_work(decoders, children) == first


def test_many_contents_are_decoded_at_once(children: Children) -> None:
    decoders = Decoders(DecodeLimits(media=MEDIA), 2)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: decoders.decode(Modality.IMAGE, SMALL).shape, range(20)))
    assert set(found) == {(32, 64, 3)}
    assert len(children()) == 2


def test_all_can_be_started_beforehand(children: Children) -> None:
    decoders = Decoders(DecodeLimits(media=MEDIA), 2)
    decoders.start()
    started = children()
    assert len(started) == 2
    decoders.start()
    decoders.decode(Modality.IMAGE, SMALL)
    assert children() == started


def test_a_limit_is_told_by_its_own_error() -> None:
    decoders = Decoders(DecodeLimits(media=MediaLimits(max_pixels=100, max_seconds=5)), 1)
    with pytest.raises(MediaTooLarge, match="64 × 32 pixels"):
        decoders.decode(Modality.IMAGE, SMALL)


def test_a_decoder_that_takes_too_long_is_ended(children: Children) -> None:
    decoders = Decoders(DecodeLimits(media=MEDIA, seconds=0.5), 1)
    child = _at_work(decoders, children)
    with pytest.raises(MediaUnreadable, match=r"within 0\.5 seconds"):
        decoders.decode(Modality.IMAGE, SLOW)
    assert not child.is_running()
    assert decoders.decode(Modality.IMAGE, SMALL).shape == (32, 64, 3)


def test_what_a_decoder_takes_to_start_is_not_counted(children: Children) -> None:
    decoders = Decoders(DecodeLimits(media=MEDIA, seconds=0.5), 1)
    decoders.start()
    (child,) = children()
    child.suspend()
    threading.Timer(1.5, child.resume).start()
    decoders.decode(Modality.IMAGE, SMALL)
    assert children() == [child]


def test_a_decoder_that_stands_still_is_ended(children: Children) -> None:
    decoders = Decoders(DecodeLimits(media=MEDIA, seconds=1), 1)
    child = _at_work(decoders, children)
    child.suspend()
    # Its second try is made by another process.
    assert decoders.decode(Modality.IMAGE, SMALL).shape == (32, 64, 3)
    assert not child.is_running()


def test_a_content_whose_decoder_ends_twice_is_refused(children: Children) -> None:
    decoders = Decoders(DecodeLimits(media=MEDIA), 1)
    ended = threading.Event()

    def kill_all() -> None:
        while not ended.wait(0.2):
            for child in children():
                with suppress(psutil.NoSuchProcess):
                    child.send_signal(signal.SIGSEGV)

    killer = threading.Thread(target=kill_all)
    killer.start()
    try:
        with pytest.raises(MediaUnreadable, match="decoder ended"):
            decoders.decode(Modality.IMAGE, SLOW)
    finally:
        ended.set()
        killer.join()
    assert decoders.decode(Modality.IMAGE, SMALL).shape == (32, 64, 3)


def test_memory_is_bounded() -> None:
    decoders = Decoders(DecodeLimits(media=MEDIA, memory=600 * 2**20), 1)
    with pytest.raises(MediaTooLarge, match="needs more memory"):
        decoders.decode(Modality.IMAGE, SLOW)
    assert decoders.decode(Modality.IMAGE, SMALL).shape == (32, 64, 3)


def test_a_decoder_is_told_no_secret(monkeypatch: pytest.MonkeyPatch, children: Children) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    decoders = Decoders(DecodeLimits(media=MEDIA), 1)
    assert "secret" not in str(_at_work(decoders, children).environ())


def test_a_decoder_ends_with_whoever_started_it(children: Children) -> None:
    decoders = Decoders(DecodeLimits(media=MEDIA), 1)
    child = _at_work(decoders, children)
    del decoders
    until = time.monotonic() + 5
    while child.is_running() and time.monotonic() < until:
        time.sleep(0.05)
    assert not psutil.pid_exists(child.pid)
