"""What encoders gave is kept and read again; what is damaged is nothing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from app.errors import MediaStoreFull
from app.media.store import MediaStore
from app.types import EncoderCard, Modality
from workers.encoders.base import Divided
from workers.kept_outputs import AT_ONCE, KeptOutputs

CARD = EncoderCard(name="some", revision="1", modality=Modality.TEXT, dim=8, licence="MIT", source="here")
DIGEST = "ab" * 32


def _output(tokens: int, zeros: bool = False) -> Divided:
    rows = np.random.default_rng(0).standard_normal((1 + tokens, CARD.dim)).astype(np.float32)
    if zeros:
        rows[:, 2:] = 0
    return Divided(rows[0], rows[1:], tuple(f"词{number}" for number in range(tokens)))


def _read(kept: KeptOutputs, digests: Sequence[str]) -> list[Divided | None]:
    return [each for some in kept.read(CARD, digests) for each in some]


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("tokens", [0, 3])
def test_outputs_come_back_as_half_floats_with_their_labels(tmp_path: Path, tokens: int, zeros: bool) -> None:
    kept, output = KeptOutputs(MediaStore(str(tmp_path)), 2), _output(tokens, zeros)
    kept.put(CARD, {DIGEST: output})
    kept.put(CARD, {})  # waits for those before
    found, missing = _read(kept, [DIGEST, "cd" * 32])
    assert missing is None
    assert found is not None
    assert found.labels == output.labels
    np.testing.assert_allclose(found.whole, output.whole, atol=2e-3)
    np.testing.assert_allclose(found.tokens, output.tokens, atol=2e-3)
    assert found.tokens.shape == (tokens, CARD.dim)


def test_another_encoder_has_outputs_of_its_own(tmp_path: Path) -> None:
    kept = KeptOutputs(MediaStore(str(tmp_path)), 1)
    kept.put(CARD, {DIGEST: _output(1)})
    kept.put(CARD, {})
    other = EncoderCard(name="some", revision="2", modality=Modality.TEXT, dim=8, licence="MIT", source="here")
    assert kept.have(other, [DIGEST]) == [False]


@pytest.mark.parametrize("data", [b"", b"\0", b"\0nonsense", b"\1nonsense", b"\1x\x9c"])
def test_what_is_damaged_is_made_anew(tmp_path: Path, data: bytes) -> None:
    store = MediaStore(str(tmp_path))
    store.put_derived(f"outputs/some@1/ab/{DIGEST}", data)
    assert _read(KeptOutputs(store, 1), [DIGEST]) == [None]


def test_of_another_length_it_is_made_anew(tmp_path: Path) -> None:
    store = MediaStore(str(tmp_path))
    kept = KeptOutputs(store, 1)
    kept.put(CARD, {DIGEST: Divided(np.zeros(4, np.float32), np.zeros((0, 4), np.float32), ())})
    kept.put(CARD, {})
    assert _read(kept, [DIGEST]) == [None]


def test_a_full_store_keeps_nothing_and_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MediaStore(str(tmp_path))

    def full(*_: object) -> None:
        raise MediaStoreFull

    monkeypatch.setattr(store, "put_derived", full)
    kept = KeptOutputs(store, 1)
    kept.put(CARD, {DIGEST: _output(1)})
    kept.put(CARD, {})
    assert _read(kept, [DIGEST]) == [None]


def test_many_are_read_some_at_a_time_in_their_order(tmp_path: Path) -> None:
    kept = KeptOutputs(MediaStore(str(tmp_path)), 2)
    digests = [f"{number:064x}" for number in range(2 * AT_ONCE + 1)]
    kept.put(CARD, {digest: _output(number % 3) for number, digest in enumerate(digests)})
    kept.put(CARD, {})
    assert kept.have(CARD, [*digests, DIGEST]) == [*(True for _ in digests), False]
    assert [len(some) for some in kept.read(CARD, digests)] == [AT_ONCE, AT_ONCE, 1]
    tokens = [len(each.labels) for each in _read(kept, digests) if each is not None]
    assert tokens == [number % 3 for number in range(len(digests))]
    assert _read(kept, []) == []
