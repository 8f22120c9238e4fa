"""Reads weight files of CTranslate2.

Layout, little endian: version, name of the specification, revision, number of variables; then of each variable its
name, dimensions, number type and bytes. A string is its length with the closing zero, then its bytes.

Source: `model.cc` of CTranslate2 4.
"""

import struct

import numpy as np
import torch
from torch import Tensor

from app.errors import WeightsInvalid

NUMBERS = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


def read_ct2(data: bytes, prefix: str) -> dict[str, Tensor]:
    """The variables whose names start with the prefix, without it; floating ones as float32.

    Raises:
        WeightsInvalid: it is not such a file, or ends too early.
    """
    try:
        return _read_variables(data, prefix)
    except (struct.error, ValueError, LookupError) as error:
        raise WeightsInvalid("This is not a CTranslate2 weight file, or it is cut short.") from error


def _read_variables(data: bytes, prefix: str) -> dict[str, Tensor]:
    _, at = _read_text(data, 4)
    count = struct.unpack_from("<I", data, at + 4)[0]
    at += 8
    found: dict[str, Tensor] = {}
    for _ in range(count):
        name, at = _read_text(data, at)
        rank = data[at]
        shape = struct.unpack_from(f"<{rank}I", data, at + 1)
        kind, length = struct.unpack_from("<BI", data, at + 1 + 4 * rank)
        at += 6 + 4 * rank
        if name.startswith(prefix):
            numbers = np.frombuffer(data[at : at + length], NUMBERS[kind]).reshape(shape)
            found[name.removeprefix(prefix)] = torch.from_numpy(numbers.astype(np.float32))
        at += length
    return found


def _read_text(data: bytes, at: int) -> tuple[str, int]:
    length = struct.unpack_from("<H", data, at)[0]
    return data[at + 2 : at + 1 + length].decode(), at + 2 + length
