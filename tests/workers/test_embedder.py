"""The embedder with the default encoders and alignment: bytes and texts in, vectors or errors out."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from app.errors import MediaTooLarge, MediaUnreadable, TriseekError
from app.settings import Settings
from app.types import Modality, Role
from tests.workers import pictures, sounds
from workers.embedder import MANY, Embedded, Embedder
from workers.encoders import registry
from workers.encoders.base import BATCH

SETTINGS = Settings(database_url="", redis_url="", media_url="", max_seconds=2)


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder.load(SETTINGS)


def embedded(outcomes: Sequence[Embedded | TriseekError]) -> list[Embedded]:
    found = [outcome for outcome in outcomes if isinstance(outcome, Embedded)]
    assert len(found) == len(outcomes)
    return found


def vectors(outcomes: Sequence[Embedded | TriseekError]) -> np.ndarray:
    return np.array([each.vector for each in embedded(outcomes)])


def picture(seed: int) -> bytes:
    return pictures.encoded(Image.fromarray(pictures.noise(300, 280, seed)), "PNG")


def recording(hertz: float, seconds: float = 0.5) -> bytes:
    return sounds.encoded(sounds.tone(16_000, seconds, hertz), 16_000, "wav", "pcm_s16le")


CONTENTS: dict[Modality, list[str | bytes]] = {
    Modality.TEXT: ["red shoes", "红色男士棉T恤", "a stainless steel kitchen knife with a wooden handle"],
    Modality.IMAGE: [picture(1), picture(2), pictures.encoded(pictures.halves(), "JPEG")],
    Modality.SPEECH: [recording(200), recording(400, 1.0), recording(800, 0.3)],
}


@pytest.mark.parametrize("modality", Modality)
def test_every_modality_gives_unit_vectors_of_the_space(embedder: Embedder, modality: Modality) -> None:
    found = vectors(embedder.embed(modality, CONTENTS[modality], Role.PASSAGE))
    assert found.dtype == np.float32
    assert found.shape == (3, embedder.space_key.dim)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("modality", Modality)
def test_contents_together_get_what_they_get_alone(embedder: Embedder, modality: Modality) -> None:
    together = vectors(embedder.embed(modality, CONTENTS[modality], Role.PASSAGE))
    alone = [vectors(embedder.embed(modality, [content], Role.PASSAGE))[0] for content in CONTENTS[modality]]
    np.testing.assert_allclose(together, alone, atol=1e-4)


@pytest.mark.parametrize("modality", Modality)
def test_every_modality_gives_unit_tokens_together_as_alone(embedder: Embedder, modality: Modality) -> None:
    together = embedded(embedder.embed(modality, CONTENTS[modality], Role.PASSAGE))
    alone = [embedded(embedder.embed(modality, [content], Role.PASSAGE))[0] for content in CONTENTS[modality]]
    for one, other in zip(together, alone, strict=True):
        assert one.tokens.labels == other.tokens.labels
        np.testing.assert_allclose(one.tokens.vectors, other.tokens.vectors, atol=1e-4)
        assert one.tokens.vectors.shape == (len(one.tokens.labels), embedder.alignment.token_dim)
        np.testing.assert_allclose(np.linalg.norm(one.tokens.vectors, axis=1), 1, atol=1e-4)


def test_tokens_are_words_cells_and_seconds(embedder: Embedder) -> None:
    labels = {
        modality: [each.tokens.labels for each in embedded(embedder.embed(modality, CONTENTS[modality], Role.QUERY))]
        for modality in Modality
    }
    assert labels[Modality.TEXT][0] == ("red", "shoes")
    assert "".join(labels[Modality.TEXT][1]) == "红色男士棉T恤"
    assert labels[Modality.IMAGE][0] == labels[Modality.IMAGE][2]
    assert labels[Modality.IMAGE][0][:5:4] == ("row 1, column 1", "row 2, column 1")
    assert len(labels[Modality.IMAGE][0]) == 16
    seconds = labels[Modality.SPEECH][1]
    assert (seconds[0].partition("\u2013")[0], seconds[-1].partition("\u2013")[2]) == ("0.0", "1.0 s")


def test_a_cell_is_the_colour_that_is_there(embedder: Embedder) -> None:
    halves = Image.new("RGB", (300, 300), (200, 25, 30))
    halves.paste((35, 70, 170), (150, 0, 300, 300))
    plain = [pictures.encoded(Image.new("RGB", (300, 300), colour), "PNG") for colour in ((200, 25, 30), (35, 70, 170))]
    (both, red, blue) = embedded(
        embedder.embed(Modality.IMAGE, [pictures.encoded(halves, "PNG"), *plain], Role.PASSAGE)
    )
    left, right = (both.tokens.vectors[places].mean(0) for places in ([4, 8], [7, 11]))
    towards_red = red.tokens.vectors[5] - blue.tokens.vectors[5]
    assert left @ towards_red > 0 > right @ towards_red


@pytest.mark.parametrize(
    ("modality", "bad", "error"),
    [
        (Modality.IMAGE, b"a text named .png", MediaUnreadable),
        (Modality.IMAGE, CONTENTS[Modality.IMAGE][2][:400], MediaUnreadable),
        (Modality.IMAGE, pictures.png_header(50_000, 50_000), MediaTooLarge),
        (Modality.SPEECH, b"", MediaUnreadable),
        (Modality.SPEECH, recording(200, seconds=2.5), MediaTooLarge),
    ],
)
def test_one_bad_content_harms_no_other(
    embedder: Embedder, modality: Modality, bad: bytes, error: type[TriseekError]
) -> None:
    first, second, third = CONTENTS[modality]
    outcomes = embedder.embed(modality, [first, bad, second, third], Role.PASSAGE)
    assert isinstance(outcomes[1], error)
    good = vectors([outcomes[0], *outcomes[2:]])
    np.testing.assert_allclose(good, vectors(embedder.embed(modality, [first, second, third], Role.PASSAGE)), atol=1e-4)


@pytest.mark.parametrize("modality", [Modality.IMAGE, Modality.SPEECH])
def test_only_bad_contents_give_only_errors(embedder: Embedder, modality: Modality) -> None:
    outcomes = embedder.embed(modality, [b"", b"nothing"], Role.QUERY)
    assert [type(outcome) for outcome in outcomes] == [MediaUnreadable, MediaUnreadable]


@pytest.mark.parametrize("modality", Modality)
def test_no_contents_give_no_vectors(embedder: Embedder, modality: Modality) -> None:
    assert embedder.embed(modality, [], Role.QUERY) == []


def test_more_contents_than_a_batch_keep_their_order(embedder: Embedder) -> None:
    texts = [f"{'very ' * (number % 5)}long rope, {number} m" for number in range(2 * BATCH + 1)]
    found = vectors(embedder.embed(Modality.TEXT, texts, Role.PASSAGE))
    for place in (0, BATCH - 1, BATCH, 2 * BATCH):
        alone = vectors(embedder.embed(Modality.TEXT, [texts[place]], Role.PASSAGE))
        np.testing.assert_allclose(found[place], alone[0], atol=1e-4)


def test_many_pictures_get_what_they_get_alone_but_for_the_last_digits(embedder: Embedder) -> None:
    several = [picture(number) for number in range(MANY + 1)]
    found = embedded(embedder.embed(Modality.IMAGE, several, Role.PASSAGE))
    for place in (0, MANY):
        (alone,) = embedded(embedder.embed(Modality.IMAGE, [several[place]], Role.PASSAGE))
        assert found[place].vector @ alone.vector > 1 - 2e-4
        assert ((found[place].tokens.vectors * alone.tokens.vectors).sum(axis=1) > 1 - 1e-3).all()


def test_a_text_reads_differently_as_query_and_as_passage(embedder: Embedder) -> None:
    (query,) = vectors(embedder.embed(Modality.TEXT, ["red shoes"], Role.QUERY))
    (passage,) = vectors(embedder.embed(Modality.TEXT, ["red shoes"], Role.PASSAGE))
    assert 0.5 < query @ passage < 0.9999


def test_the_space_names_the_encoders_and_the_alignment(embedder: Embedder) -> None:
    key = embedder.space_key
    assert key.encoders == {modality: card.id for modality, card in registry.default_cards().items()}
    assert key.alignment == embedder.alignment.card.sha256


def test_a_recording_that_cannot_be_decoded_says_nothing(embedder: Embedder) -> None:
    transcripts = embedder.transcribe([b"", recording(200, seconds=2.5)])
    assert [transcript.text for transcript in transcripts] == ["", ""]
