import math

import numpy as np
import pytest

from workers.rerank.attention import attend


def _unit(*shape: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_it_equals_the_formula_written_as_loops() -> None:
    queries, candidates = _unit(2, 8, seed=1), _unit(3, 4, 8, seed=2)
    mask = np.array([[True] * 4, [True, True, False, False], [True, False, False, False]])
    candidates[~mask] = 0
    cosines, attention = attend(queries, candidates, mask)
    for n in range(3):
        for m in range(2):
            own = [c for c in range(4) if mask[n, c]]
            powers = [math.exp(math.sqrt(8) * float(queries[m] @ candidates[n, c])) for c in own]
            attended = sum(power / sum(powers) * candidates[n, c] for power, c in zip(powers, own, strict=True))
            cosine = float(queries[m] @ attended) / float(np.linalg.norm(attended))
            assert cosines[n, m] == pytest.approx(cosine, abs=1e-5)
            np.testing.assert_allclose(attention[n, m, own], np.array(powers) / sum(powers), rtol=1e-4)


def test_padding_gets_no_attention() -> None:
    mask = np.array([[True, False]])
    _, attention = attend(_unit(1, 4, seed=1), _unit(1, 2, 4, seed=2), mask)
    np.testing.assert_allclose(attention, [[[1, 0]]])


def test_the_modality_that_answers_draws_the_attention() -> None:
    east, north = np.eye(64, dtype=np.float32)[:2]
    cosines, attention = attend(east[None], np.stack([east, north])[None], np.ones((1, 2), bool))
    assert attention[0, 0, 0] > 0.99
    assert cosines[0, 0] == pytest.approx(1, abs=1e-3)
