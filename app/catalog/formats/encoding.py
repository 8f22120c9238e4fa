"""Tells the encoding of a text file."""

import codecs
from typing import BinaryIO

import charset_normalizer

CHUNK = 2**20  # bytes
LOOKED_AT = 2**18  # bytes around the first that is not UTF-8
BYTE_ORDERS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# What shops' exports come in, the likelier of those that fit first.
LIKELY = ("gb18030", "big5", "shift_jis", "euc_kr", "cp1251", "cp1252", "utf_16_le", "utf_16_be")
WESTERN = "cp1252"
REPLACED = "\ufffd"
ENOUGH = 4  # characters that are right to one that is wrong
ZEROS = 10  # characters to one that is zero, at least, where zeros are damage and not UTF-16


def encoding_of(file: BinaryIO) -> str:
    """The encoding of a file that can be read twice, by its content; the file is at its beginning afterwards."""
    start = file.read(4)
    file.seek(0)
    for mark, name in BYTE_ORDERS.items():
        if start.startswith(mark):
            return name
    wrong = _first_wrong(file)
    file.seek(0)
    if wrong is None:
        return "utf-8-sig"
    begin = max(0, wrong - LOOKED_AT // 2)
    file.seek(begin)
    sample = file.read(LOOKED_AT)
    file.seek(0)
    return _likeliest(sample.partition(b"\n")[2] if begin else sample)


def _first_wrong(file: BinaryIO) -> int | None:
    """Where the file first is not UTF-8, in bytes."""
    decoder, place = codecs.getincrementaldecoder("utf-8")(), 0
    while True:
        chunk = file.read(CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return max(0, place + error.start - 3)  # what was held back of the chunk before counts, too
        if "\x00" in text:  # as every other byte of Latin letters in UTF-16
            return place
        if not chunk:
            return None
        place += len(chunk)


def _likeliest(sample: bytes) -> str:
    if _is_damaged_utf8(sample):
        return "utf-8-sig"
    matches = charset_normalizer.from_bytes(sample, cp_isolation=list(LIKELY))
    fitting = [match.encoding for match in matches if match.chaos <= matches[0].chaos]
    return min(fitting, key=LIKELY.index, default=WESTERN)


def _is_damaged_utf8(sample: bytes) -> bool:
    """Whether most of what is not ASCII is UTF-8 all the same: then it is the odd row that is not."""
    text = sample.decode("utf-8", errors="replace")
    wrong = text.count(REPLACED)
    right = sum(1 for character in text if character > "\x7f") - wrong
    return ZEROS * text.count("\x00") <= len(text) and right >= ENOUGH * wrong
