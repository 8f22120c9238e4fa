"""Pictures, recordings and catalogue files that are not what they should be, made here: damaged, cut off, or lying."""

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Iterator

from PIL import Image

from tests.workers import sounds
from tests.workers.pictures import encoded, halves, png_header

PICTURES = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
CUTS = (0.0, 0.02, 0.1, 0.3, 0.5, 0.8, 0.95)  # of a file, what is left
RATE = 16_000
CONTAINERS = {"wav": "pcm_s16le", "flac": "flac", "ogg": "libopus", "mp3": "libmp3lame", "webm": "libopus"}


def _damaged(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """A file cut off, with another beginning, and with bytes changed all over."""
    for cut in CUTS:
        yield f"{name}, {cut:.0%} of it", data[: int(len(data) * cut)]
    yield f"{name} without its magic", b"\0\0\0\0" + data[4:]
    yield f"{name} of zeros behind its beginning", data[:16] + bytes(len(data) - 16)
    for seed in range(4):
        chance, changed = random.Random(seed), bytearray(data)
        for _ in range(max(4, len(data) // 50)):
            changed[chance.randrange(4, len(data))] = chance.randrange(256)
        yield f"{name} with bytes changed, {seed}", bytes(changed)


def _foreign() -> Iterator[tuple[str, bytes]]:
    """What is something else altogether."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.png", encoded(halves(), "PNG"))
    yield "a ZIP archive", packed.getvalue()
    yield "gzip", gzip.compress(b"hello")
    yield "text", "grün\n".encode() * 50
    yield "HTML", b"<!DOCTYPE html><html><body>404</body></html>"
    yield "SVG with a script", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    yield "NULs", bytes(5_000)
    yield "an ELF header", b"\x7fELF" + bytes(2_000)
    yield "a PDF", b"%PDF-1.7\n" + b"x" * 2_000
    yield "random bytes", random.Random(1).randbytes(5_000)
    yield "EPS, which asks for an interpreter", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"


def pictures() -> dict[str, bytes]:
    """By what is wrong with them."""
    found = dict(_foreign())
    for name in PICTURES:
        found |= dict(_damaged(name, encoded(Image.effect_noise((64, 64), 80).convert("RGB"), name)))
    for width, height in ((0, 0), (1, 0), (2**31 - 1, 2**31 - 1), (65_535, 65_535), (1, 2**31 - 1)):
        found[f"a PNG that says {width} x {height}"] = png_header(width, height)
    found["a BMP of minus one column"] = b"BM" + struct.pack(
        "<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, -1, 1, 1, 24, 0, 0, 0, 0, 0, 0
    )
    found["a PNG whose picture is missing"] = encoded(halves(), "PNG")[:33] + b"\0\0\0\0IEND\xaeB`\x82"
    return found


def _wav(rate: int = RATE, channels: int = 1, bits: int = 16, coding: int = 1, says: int | None = None) -> bytes:
    data = sounds.tone(RATE).tobytes()[:8_000]
    size = len(data) if says is None else says
    step = max(0, min(channels * bits // 8, 65_535))
    form = struct.pack("<HHIIHH", coding, channels, rate, min(rate * step, 2**32 - 1), step, bits)
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", len(head) + len(data)) + head + data


def recordings() -> dict[str, bytes]:
    """By what is wrong with them."""
    found = dict(_foreign())
    for container, codec in CONTAINERS.items():
        rate = 48_000 if codec == "libopus" else RATE
        data = sounds.encoded(sounds.tone(rate), rate, container, codec)
        found |= dict(_damaged(container, data))
    for rate in (0, 1, 7, 2**31, 2**32 - 1):
        found[f"a WAV of {rate} Hz"] = _wav(rate=rate)
    for channels in (0, 255, 65_535):
        found[f"a WAV of {channels} channels"] = _wav(channels=channels)
    for bits in (0, 1, 7, 65_535):
        found[f"a WAV of {bits} bits"] = _wav(bits=bits)
    for coding in (0, 2, 85, 65_534):
        found[f"a WAV of coding {coding}"] = _wav(coding=coding)
    for says in (0, 2**31, 2**32 - 1):
        found[f"a WAV that says {says} bytes"] = _wav(says=says)
    found["a play list"] = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
    found["a concat script"] = b"ffconcat version 1.0\nfile '/etc/passwd'\n"
    return found


def catalogues() -> dict[str, bytes]:
    """Files without a single row that could be taken, by what is wrong with them."""
    row, table = b'{"sku": "a", "title": "x"}\n', b"sku,title\na,x\n"
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w") as archive:
        archive.writestr("shop.zip", b"PK\x03\x04")
    found = {
        "nothing": b"",
        "blank lines": b"\n \n\t\n",
        "NULs": bytes(1_000),
        "random bytes": random.Random(2).randbytes(4_000),
        "a JSON array": b'[{"sku": "a", "title": "x"}]',
        "JSON with NUL": b'{"sku": "a\\u0000", "title": "x"}\n',
        "JSON with a raw NUL": b'{"sku": "a\x00", "title": "x"}\n',
        "JSON that is cut off": row[:-6],
        "JSON 100,000 deep": b'{"sku": "a", "title": "x", "attributes": ' + b'{"a":' * 100_000,
        "JSON with NaN": b'{"sku": "a", "title": "x", "price": NaN}\n',
        "JSON with 5,000 digits": b'{"sku": "a", "title": "x", "price": ' + b"9" * 5_000 + b"}\n",
        "JSON with a lone surrogate": b'{"sku": "a", "title": "\\ud800"}\n',
        "a SKU of 300 letters": b'{"sku": "' + b"a" * 300 + b'", "title": "x"}\n',
        "a title of 3,000 letters": b'{"sku": "a", "title": "' + b"x" * 3_000 + b'"}\n',
        "17 pictures": b'{"sku": "a", "images": [' + b",".join([b'{"base64": "eA=="}'] * 17) + b"]}\n",
        "base64 that is none": b'{"sku": "a", "images": [{"base64": "???"}]}\n',
        "a table without rows": b"sku,title\n",
        "a table of quotes": b'"' * 3_001,
        "a table with NULs": b"sku,title\n\x00,\x00\n",
        "a table of one column": b"title\nx\n",
        "a table with too few cells": b"sku,title\na\n",
        "a table whose columns have one name": b"sku,sku\na,b\n",
        "a table without names": b",,\na,x,y\n",
        "a line of 2 MB": b"sku,title\na," + b"x" * 2_000_000 + b"\n",
        "XML that is cut off": b"<rss><channel><item><id>a</id><tit",
        "XML without items": b"<rss><channel></channel></rss>",
        "XML with entities": b'<!DOCTYPE x [<!ENTITY a "b">]><rss><item><id>&a;</id></item></rss>',
        "XML with a file": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><item><title>&a;</title></item></rss>',
        "HTML": b"<!DOCTYPE html><html><body>404</body></html>",
        "XML that says another encoding": b'<?xml version="1.0" encoding="ebcdic-x"?><rss/>',
        "a ZIP archive in a ZIP archive": nested.getvalue(),
        "gzip in gzip in gzip": gzip.compress(gzip.compress(gzip.compress(row))),
        "a gzip bomb": gzip.compress(table + b"0" * 30_000_000),
        "Parquet that is cut off": b"PAR1" + bytes(100),
        "Parquet without a footer": b"PAR1" + bytes(100) + b"\xff\xff\xff\x7fPAR1",
        "UTF-16 that is cut off": "sku,title\na,x".encode("utf-16")[:-3],
    }
    for cut in (1, 5, 20, 40):
        found[f"gzip, {cut} bytes of it"] = gzip.compress(row)[:cut]
        found[f"a ZIP archive, {cut} bytes of it"] = nested.getvalue()[:cut]
    return found
