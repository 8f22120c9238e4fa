import numpy as np
import pytest

from app.types import Modality
from workers.evaluation.scoring import Floats
from workers.training.selection import _leaning

SHARES = (0.2, 0.5, 0.8)


def _ranks(*means: float, spread: float = 0.0) -> dict[float, list[Floats]]:
    """Reciprocal ranks of 200 queries about a mean for each share."""
    chance = np.random.default_rng(0)
    noise = (chance.normal(size=200) * spread, chance.normal(size=200) * spread, chance.normal(size=200) * spread)
    return {
        share: [(mean + own - own.mean()).astype(np.float32)]
        for share, mean, own in zip(SHARES, means, noise, strict=True)
    }


@pytest.mark.parametrize(("query", "share"), [(Modality.TEXT, 0.8), (Modality.SPEECH, 0.8), (Modality.IMAGE, 0.2)])
def test_of_shares_that_dev_cannot_tell_apart_the_one_of_the_querys_own_kind_is_taken(
    query: Modality, share: float
) -> None:
    assert _leaning(_ranks(0.500, 0.502, 0.501, spread=0.1), query) == share


@pytest.mark.parametrize("query", list(Modality))
def test_a_share_that_dev_clearly_likes_best_is_taken(query: Modality) -> None:
    assert _leaning(_ranks(0.40, 0.50, 0.45, spread=0.1), query) == 0.5


def test_a_small_set_counts_as_much_as_a_large_one() -> None:
    large, small = np.zeros(1000, dtype=np.float32), np.zeros(10, dtype=np.float32)
    tried = {0.2: [large + 0.5, small + 0.1], 0.8: [large + 0.4, small + 0.4]}
    assert _leaning(tried, Modality.IMAGE) == 0.8


def test_without_queries_on_dev_a_share_is_taken_all_the_same() -> None:
    assert _leaning({share: [] for share in SHARES}, Modality.TEXT) == 0.8
