import re
from collections import Counter
from dataclasses import replace

from app.sample.catalogue import things
from app.sample.queries import COUNT, KINDS, VOICES, held_out
from app.types import Modality

BY_SKU = {thing.sku: thing for thing in things()}


def test_there_are_twenty_of_each_kind_and_each_asks_for_another_thing() -> None:
    assert Counter(query.kind for query in held_out()) == dict.fromkeys(KINDS, COUNT)
    for kind in KINDS:
        assert len({query.expected for query in held_out() if query.kind == kind}) == COUNT
    assert {query.expected for query in held_out()} <= BY_SKU.keys()


def test_each_kind_is_given_as_it_says() -> None:
    given = {query.kind: query.modalities for query in held_out()}
    assert given == {
        "english": (Modality.TEXT,),
        "chinese": (Modality.TEXT,),
        "picture": (Modality.IMAGE,),
        "voice": (Modality.SPEECH,),
        "mix": (Modality.TEXT, Modality.IMAGE, Modality.SPEECH),
    }


def test_english_wording_never_holds_the_title() -> None:
    for query in held_out():
        if query.kind in ("english", "mix"):
            assert query.text
            assert BY_SKU[query.expected].title.lower() not in query.text.lower()


def test_chinese_queries_are_sentences_around_the_chinese_name() -> None:
    for query in held_out():
        if query.kind == "chinese":
            name = BY_SKU[query.expected].chinese
            assert query.text
            assert name in query.text
            assert len(re.findall(r"[一-鿿]", query.text)) > len(name)


def test_voices_are_those_that_training_keeps_away_from() -> None:
    assert all(re.search(r"scotland|en-us\+f3|\+m7|\+f5", voice) for voice in VOICES)


def test_recordings_are_sound_and_pictures_are_pictures() -> None:
    assert all(query.speech.startswith(b"RIFF") for query in held_out() if query.speech)
    assert all(query.image.startswith(b"\xff\xd8") for query in held_out() if query.image)


def test_the_queries_are_the_same_each_time() -> None:
    first = held_out()
    held_out.cache_clear()
    for query, again in zip(first, held_out(), strict=True):
        assert replace(query, speech=None) == replace(again, speech=None)
        assert len(query.speech or b"") == len(again.speech or b"")
