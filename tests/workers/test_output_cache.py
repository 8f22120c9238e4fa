from pathlib import Path

import numpy as np
import pytest

from workers.output_cache import OutputCache, key_of

OUTPUTS = {
    key_of(name): np.random.default_rng(seed).normal(size=8).astype(np.float32) for seed, name in enumerate("abc")
}
A, B, C = OUTPUTS


@pytest.fixture
def cache(tmp_path: Path) -> OutputCache:
    return OutputCache(tmp_path, "encoder@1")


def test_outputs_are_given_in_the_order_asked_for(cache: OutputCache) -> None:
    cache.add(OUTPUTS)
    found = cache.get([C, A, C])
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, np.stack([OUTPUTS[C], OUTPUTS[A], OUTPUTS[C]]), rtol=1e-3)


def test_what_was_added_is_there_the_next_time(cache: OutputCache, tmp_path: Path) -> None:
    cache.add({A: OUTPUTS[A]})
    cache.add({B: OUTPUTS[B]})
    again = OutputCache(tmp_path, "encoder@1")
    assert A in again
    assert B in again
    assert C not in again
    np.testing.assert_array_equal(again.get([A, B]), cache.get([A, B]))


def test_another_encoder_or_revision_has_another_cache(cache: OutputCache, tmp_path: Path) -> None:
    cache.add(OUTPUTS)
    for other in ("encoder@2", "other@1"):
        assert A not in OutputCache(tmp_path, other)


def test_adding_nothing_writes_nothing(cache: OutputCache, tmp_path: Path) -> None:
    cache.add({})
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_written_to_its_end_is_not_read(cache: OutputCache, tmp_path: Path) -> None:
    cache.add({A: OUTPUTS[A]})
    (tmp_path / "encoder@1" / ".0123").write_bytes(b"PK half of a file")
    assert A in OutputCache(tmp_path, "encoder@1")


def test_nothing_partial_is_left_behind(cache: OutputCache, tmp_path: Path) -> None:
    cache.add(OUTPUTS)
    assert [path.suffix for path in (tmp_path / "encoder@1").iterdir()] == [".npz"]


def test_a_key_is_of_every_part_and_where_one_ends() -> None:
    keys = [key_of("ab", "c"), key_of("a", "bc"), key_of("abc"), key_of("abc", ""), key_of("c", "ab")]
    assert len(set(keys)) == len(keys)


def test_a_text_and_its_bytes_have_one_key() -> None:
    assert key_of("袜子") == key_of("袜子".encode())
