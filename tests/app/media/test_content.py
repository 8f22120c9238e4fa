"""What stored bytes are is told from their beginning."""

import io

import pytest
from PIL import Image

from app.errors import MediaTooLarge, MediaUnreadable
from app.media.content import check_media
from app.types import Modality


def _picture(format_name: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((64, 48), 50).save(file, format_name, **options)
    return file.getvalue()


def _check(data: bytes, modality: Modality = Modality.IMAGE) -> str:
    return check_media(data, modality, max_mb=1, max_pixels=64 * 48)


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_common_pictures_are_known(format_name: str) -> None:
    assert _check(_picture(format_name)) == f"image/{format_name.lower()}"


def test_several_pictures_in_one_jpeg_are_a_jpeg() -> None:
    data = _picture("MPO", save_all=True, append_images=[Image.new("L", (64, 48))])

    assert _check(data) == "image/jpeg"


def test_a_picture_cut_off_after_its_header_is_left_to_the_worker() -> None:
    assert _check(_picture("JPEG")[:1000]) == "image/jpeg"


@pytest.mark.parametrize("data", [b"", b"a text", b"<svg xmlns='http://www.w3.org/2000/svg'/>", bytes(range(256))])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(MediaUnreadable):
        _check(data)


def test_a_picture_with_one_pixel_row_too_many_is_refused() -> None:
    file = io.BytesIO()
    Image.new("L", (64, 49)).save(file, "PNG")

    with pytest.raises(MediaTooLarge, match="64 × 49"):
        _check(file.getvalue())


def test_more_bytes_than_allowed_are_refused() -> None:
    with pytest.raises(MediaTooLarge, match=r"1\.0 MiB"):
        _check(b"\0" * (2**20 + 1))


@pytest.mark.parametrize(
    ("start", "content_type"),
    [
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"fLaC\0\0", "audio/flac"),
        (b"OggS\0\0", "audio/ogg"),
        (b"ID3\4\0", "audio/mpeg"),
        (b"\x1a\x45\xdf\xa3\x01", "audio/webm"),
        (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
        (b"\xff\xf1\x50\x80", "application/octet-stream"),  # AAC without a container: the worker's decoder tells
    ],
)
def test_recordings_are_known_by_their_beginning(start: bytes, content_type: str) -> None:
    assert _check(start, Modality.SPEECH) == content_type


@pytest.mark.parametrize("data", [b"", b"a text", "一段文字".encode(), _picture("PNG"), _picture("WEBP")])
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    with pytest.raises(MediaUnreadable):
        _check(data, Modality.SPEECH)
