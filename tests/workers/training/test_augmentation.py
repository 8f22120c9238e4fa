"""Other views of pictures, recordings and texts."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from app.types import Modality, Role
from tests.workers.pictures import noise
from tests.workers.sounds import tone
from workers.encodings import FileContent, TextContent
from workers.training.augmented_pictures import changed_picture
from workers.training.augmented_recordings import RATE, at_speed, changed_recording, in_a_room
from workers.training.augmented_texts import wordings
from workers.training.dictionary import chinese_names, synonyms
from workers.training.synthetic import Utterance
from workers.training.views import Views
from workers.training.vocabulary import SyntheticContent

ONE, OTHER = "0123456789abcdef", "fedcba9876543210"


def test_a_picture_is_changed_by_its_key_alone() -> None:
    picture = noise(90, 60, seed=1)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, again, other = (changed_picture(picture, key) for key in (ONE, ONE, OTHER))
    assert torch.equal(torch.get_rng_state(), before)  # training's own chance is not touched
    assert (first.shape, first.dtype) == ((320, 320, 3), np.uint8)
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5


def test_a_picture_keeps_about_its_colour() -> None:
    red = np.zeros((50, 50, 3), np.uint8)
    red[..., 0] = 180
    for number in range(20):
        channels = changed_picture(red, f"{number:x}".zfill(15)).mean((0, 1))
        assert channels[0] > 3 * channels[1:].max()


def test_a_faster_recording_is_shorter_and_higher() -> None:
    faster = at_speed(tone(RATE, seconds=1.0, hertz=400), 1.25)
    assert len(faster) == pytest.approx(0.8 * RATE, abs=2)
    loudest = int(np.abs(np.fft.rfft(faster)).argmax()) * RATE / len(faster)
    assert loudest == pytest.approx(500, abs=2)  # Hz


def test_a_rooms_echo_has_lost_sixty_decibels_after_its_time() -> None:
    click = np.zeros(RATE, np.float32)
    click[0] = 1
    heard = in_a_room(click, 0.5, np.random.default_rng(0))
    assert len(heard) == RATE
    assert np.linalg.norm(heard) == pytest.approx(1, rel=1e-4)  # as loud as before

    def level(seconds: float) -> float:
        around = heard[int(seconds * RATE) : int(seconds * RATE) + 400]
        return float(20 * np.log10(np.sqrt((around**2).mean())))

    assert level(0.05) - level(0.40) == pytest.approx(60 * 0.35 / 0.5, abs=2.5)


def test_a_recording_is_changed_by_its_key_alone() -> None:
    recording = tone(RATE, seconds=0.5)
    first, again, other = (changed_recording(recording, key) for key in (ONE, ONE, OTHER))
    np.testing.assert_array_equal(first, again)
    assert first.dtype == np.float32
    assert len(first) != len(other)


def test_the_dictionary_knows_other_words_and_chinese_ones() -> None:
    assert "雨伞" in chinese_names()["umbrella"]
    for name, others in list(synonyms().items())[:2000]:
        assert name not in others
        assert all(name in synonyms()[other] for other in others)


@pytest.mark.parametrize("text", ["umbrella", "A red shirt for summer days", "Obsidian kitchen knife"])
def test_a_wording_is_never_the_text_itself_and_the_same_by_the_same_seed(text: str) -> None:
    found = wordings(text, seed=1, count=8)
    assert found
    assert text not in found
    assert len(set(found)) == len(found) <= 8
    assert found == wordings(text, seed=1, count=8)
    assert found[:3] == wordings(text, seed=1, count=8)[:3]


def test_wordings_leave_out_a_word_say_it_otherwise_or_in_chinese() -> None:
    words = ["Zyx", "qwv", "Plk", "jhg", "mnb"]  # which no dictionary has
    for wording in wordings(" ".join(words), seed=0, count=5):
        assert len(wording.split()) == 4
        assert set(wording.split()) < set(words)
    assert set(wordings("umbrella", seed=0, count=20)) <= {
        *chinese_names()["umbrella"],
        *synonyms().get("umbrella", ()),
    }


def test_a_text_that_nothing_is_known_of_has_no_wordings() -> None:
    assert wordings("zyxqwv", seed=0, count=4) == []
    assert wordings("", seed=0, count=4) == []


def test_what_a_content_is_decides_its_views(tmp_path: Path) -> None:
    Image.fromarray(noise(40, 40, seed=1)).save(tmp_path / "a.png")
    views = Views(count=3, recordings=1, seed=7)
    picture = FileContent(tmp_path / "a.png", Modality.IMAGE)
    keys = [view.key for view in views.of(picture)]
    assert len({picture.key, *keys}) == 4
    assert keys == [view.key for view in views.of(picture)]
    assert not {*keys} & {view.key for view in Views(count=3, recordings=1, seed=8).of(picture)}
    fewer = Views(count=2, recordings=1, seed=7)
    assert keys[:2] == [view.key for view in fewer.of(picture)]  # more views keep those that there were
    assert len(views.of(FileContent(tmp_path / "a.wav", Modality.SPEECH))) == 1
    said = Utterance(text="saw", spoken="a saw", voice="en-gb", rate=160, pitch=50, noise=0)
    assert views.of(SyntheticContent(said)) == []
    texts = views.of(TextContent("A red shirt for summer", Role.QUERY))
    assert texts
    assert all(isinstance(text, TextContent) and text.role is Role.QUERY for text in texts)
