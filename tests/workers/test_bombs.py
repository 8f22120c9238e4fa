"""Pictures that are small and ask for much: neither who looks at them nor who decodes them grows."""

import io
import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from app.errors import TriseekError
from app.media.content import check_media
from app.types import Modality
from workers.media import MediaLimits, decode_image

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel how much memory was taken")
LIMITS = MediaLimits(max_pixels=1_000_000, max_seconds=1)
MOST = 150  # MiB that looking at them all and decoding them all may take; many of them unpack to 200


def bombs() -> dict[str, bytes]:
    """By what they do."""
    zeros = zlib.compress(bytes(200 * 2**20))
    return {
        "text that unpacks to 200 MiB": _png(_chunk(b"zTXt", b"key\0\0" + zeros)),
        "international text that does": _png(_chunk(b"iTXt", b"key\0\1\0\0\0" + zeros)),
        "a colour profile that does": _png(_chunk(b"iCCP", b"key\0\0" + zeros)),
        "200 texts of a MiB": _png(*[_chunk(b"zTXt", b"%d\0\0" % n + zlib.compress(bytes(2**20))) for n in range(200)]),
        "pixels that unpack to more than its header says": _png(_chunk(b"IDAT", zeros)),
        "a header of 60,000 by 60,000": _png(_chunk(b"IDAT", zeros), side=60_000),
        "WebP of 16,383 by 16,383": _canvas(_animated("WEBP", 2), 16_383),
        "WebP of 300 frames": _animated("WEBP", 300),
        "GIF of 1,000 frames": _animated("GIF", 1_000),
        "a GIF whose screen is larger than its frame": _screen(_saved("GIF", (8, 8)), 65_535),
        "a JPEG with a colour profile of 8 MiB": _saved("JPEG", (8, 8), icc_profile=bytes(8 * 2**20)),
        "a JPEG with EXIF data that point into themselves": _saved("JPEG", (8, 8), exif=_circular_exif()),
        "a TIFF of 65,535 fields, each larger than the file": _many_fields(),
        "a TIFF whose one pixel lies in a tile of 60,000 by 60,000": _large_tile() + zeros,
    }


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(*chunks: bytes, side: int = 8) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(bytes(9 * 8)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + pixels + _chunk(b"IEND", b"")


def _saved(format_name: str, size: tuple[int, int], **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size).save(file, format_name, **options)
    return file.getvalue()


def _animated(format_name: str, frames: int) -> bytes:
    more = [Image.new("RGB", (8, 8), (number % 255, 0, 0)) for number in range(1, frames)]
    return _saved(format_name, (8, 8), save_all=True, append_images=more)


def _screen(gif: bytes, side: int) -> bytes:
    return gif[:6] + struct.pack("<HH", side, side) + gif[10:]


def _canvas(webp: bytes, side: int) -> bytes:
    return webp[:24] + 2 * struct.pack("<I", side - 1)[:3] + webp[30:]


def _circular_exif() -> bytes:
    field = struct.pack("<HHHHII", 1, 0x8769, 4, 0, 1, 8)  # one field, whose own fields begin where it does
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + field + struct.pack("<I", 8)


def _tiff(*fields: tuple[int, int, int, int]) -> bytes:
    rows = b"".join(struct.pack("<HHII", *field) for field in fields)
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + rows + struct.pack("<I", 0)


def _many_fields() -> bytes:
    return _tiff(*[(number, 7, 2**31, 100) for number in range(65_535)])


def _large_tile() -> bytes:
    one = [(256, 4, 1, 1), (257, 4, 1, 1), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1)]
    return _tiff(*one, (322, 4, 1, 60_000), (323, 4, 1, 60_000), (324, 4, 1, 8), (325, 4, 1, 100))


def _outcome(data: bytes) -> list[str]:
    return [_looked_at(data), _decoded(data)]


def _looked_at(data: bytes) -> str:
    try:
        return check_media(data, Modality.IMAGE, max_mb=64, max_pixels=LIMITS.max_pixels)
    except TriseekError as error:
        return error.type


def _decoded(data: bytes) -> str:
    try:
        return str(decode_image(data, LIMITS).shape)
    except TriseekError as error:
        return error.type


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[str]], int, str]:
    """What came of each, by how many MiB a process grew that looked at and decoded them all, and what it wrote."""
    folder = tmp_path_factory.mktemp("bombs")
    for name, data in bombs().items():
        (folder / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from tests.workers.test_bombs import main; main(sys.argv[1])", folder],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    return found["outcomes"], found["grown"], done.stderr


def main(folder: str) -> None:
    """Looks at the files of a folder and decodes them; prints what came of each, and by how many MiB it has grown."""
    _outcome(_saved("PNG", (8, 8)))
    before = _highest()
    found = {file.name: _outcome(file.read_bytes()) for file in Path(folder).iterdir()}
    print(json.dumps({"outcomes": found, "grown": _highest() - before}))


def _highest() -> int:
    """The most memory that this process ever had, in MiB; `getrusage` would count its parent's, too."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


def test_each_is_refused_or_read_as_what_it_is(outcomes: tuple[dict[str, list[str]], int, str]) -> None:
    found, _, _ = outcomes
    for name, (looked_at, decoded) in found.items():
        refused = {"media-unreadable", "media-too-large"}
        assert looked_at in refused or looked_at.startswith("image/"), name
        assert decoded in refused or decoded == "(8, 8, 3)", name
    assert found["WebP of 300 frames"] == ["image/webp", "(8, 8, 3)"]
    assert found["a header of 60,000 by 60,000"] == ["media-too-large"] * 2


def test_nothing_is_unpacked_that_nobody_needs(outcomes: tuple[dict[str, list[str]], int, str]) -> None:
    _, grown, _ = outcomes
    assert grown < MOST, grown


def test_no_picture_fills_the_log(outcomes: tuple[dict[str, list[str]], int, str]) -> None:
    _, _, written = outcomes
    assert written == ""
