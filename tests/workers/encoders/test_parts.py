"""The default encoders with a content's parts side by side agree with the ones that pool them."""

import numpy as np
import pytest

from app.types import EncoderCard
from tests.workers.pictures import noise
from workers.encoders import image, parts, registry, text

TEXTS = ["shoes", "a red dress", " ".join(f"word {number}" for number in range(60)), ""]
PICTURES = [noise(300, 400, seed=1), noise(40, 90, seed=2)]


@pytest.mark.parametrize(("card", "contents"), [(parts.TOKENS, TEXTS), (parts.GRID, PICTURES)], ids=["text", "image"])
def test_a_batch_gives_each_content_what_it_gets_alone(card: EncoderCard, contents: list[object]) -> None:
    encoder = registry.load(card, "cpu")
    assert encoder.card == card
    together = encoder.encode(contents)
    assert together.shape == (len(contents), card.dim)
    alone = np.concatenate([encoder.encode([content]) for content in contents])
    np.testing.assert_allclose(together, alone, atol=1e-3)


def test_the_mean_over_tokens_is_what_the_pooling_encoder_gives() -> None:
    tokens = registry.load(parts.TOKENS, "cpu").encode(TEXTS).reshape(len(TEXTS), parts.MOST_TOKENS, -1)
    pooled = registry.load(text.CARD, "cpu").encode(TEXTS)
    used = tokens.any(axis=2).sum(axis=1)  # (texts,)
    assert used[0] < used[1] < used[2] == parts.MOST_TOKENS
    short = [0, 1, 3]
    np.testing.assert_allclose(tokens[short].sum(axis=1) / used[short, None], pooled[short], atol=1e-4)


def test_cells_tell_where_in_a_picture_something_is() -> None:
    picture = np.full((260, 260, 3), 255, np.uint8)
    picture[:65, :65] = noise(65, 65, seed=3)
    cells = registry.load(parts.GRID, "cpu").encode([picture]).reshape(parts.ROWS, parts.ROWS, -1)
    usual = np.median(cells.reshape(parts.CELLS, -1), axis=0)
    unlike = np.linalg.norm(cells - usual, axis=2)
    assert np.unravel_index(unlike.argmax(), unlike.shape) == (0, 0)


def test_cells_have_about_the_mean_that_the_pooling_encoder_gives() -> None:
    cells = registry.load(parts.GRID, "cpu").encode(PICTURES).reshape(len(PICTURES), parts.CELLS, -1).mean(axis=1)
    pooled = registry.load(image.CARD, "cpu").encode(PICTURES)[:, : image.LAST_CHANNELS]
    cosines = (cells * pooled).sum(1) / np.linalg.norm(cells, axis=1) / np.linalg.norm(pooled, axis=1)
    assert cosines.min() > 0.95  # the grid has 9 rows, so some cells overlap
