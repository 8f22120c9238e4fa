import struct

import numpy as np
import pytest
import torch

from app.errors import WeightsInvalid
from workers.encoders.ct2_file import read_ct2


def _text(text: str) -> bytes:
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"


def _variable(name: str, kind: int, values: np.ndarray) -> bytes:
    shape = struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)
    return _text(name) + shape + struct.pack("<BI", kind, values.nbytes) + values.tobytes()


FILE = (
    struct.pack("<I", 6)
    + _text("WhisperSpec")
    + struct.pack("<II", 3, 3)
    + _variable("encoder/matrix", 0, np.array([[1, 2], [3, 4]], np.float32))
    + _variable("decoder/other", 0, np.zeros(7, np.float32))
    + _variable("encoder/half", 4, np.array([0.5, -2], np.float16))
)


def test_the_variables_of_a_prefix_are_read_as_floats() -> None:
    found = read_ct2(FILE, "encoder/")
    assert set(found) == {"matrix", "half"}
    torch.testing.assert_close(found["matrix"], torch.tensor([[1.0, 2], [3, 4]]))
    torch.testing.assert_close(found["half"], torch.tensor([0.5, -2]))


def test_another_file_is_refused() -> None:
    with pytest.raises(WeightsInvalid):
        read_ct2(b"not weights at all", "encoder/")


@pytest.mark.parametrize("length", range(0, len(FILE), 3))
def test_a_file_that_is_cut_short_is_refused(length: int) -> None:
    with pytest.raises(WeightsInvalid):
        read_ct2(FILE[:length], "encoder/")
