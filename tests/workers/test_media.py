"""Pictures of every format that is promised, and those that are none."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image

from app.errors import MediaTooLarge, MediaUnreadable
from tests.workers import pictures, sounds
from workers.media import MediaLimits, decode_image

LIMITS = MediaLimits(max_pixels=1_000_000, max_seconds=5)
LEFT, RIGHT = (16, 8), (16, 56)  # row and column of a place in each half
MIDDLE = (32, 32)
WHITE = (255, 255, 255)
ORIENTATION = 0x0112  # the EXIF tag


def _image(data: bytes) -> np.ndarray:
    return decode_image(data, LIMITS)


def _near(colour: np.ndarray, expected: tuple[int, int, int]) -> bool:
    return bool(np.abs(colour.astype(int) - expected).max() <= 12)


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_a_picture_of_each_format_is_read(picture_format: str) -> None:
    pixels = _image(pictures.encoded(pictures.halves(), picture_format))
    assert pixels.shape == (32, 64, 3)
    assert pixels.dtype == np.uint8
    assert _near(pixels[LEFT], pictures.RED)
    assert _near(pixels[RIGHT], pictures.BLUE)


@pytest.mark.parametrize(
    ("orientation", "shape", "red"),
    [
        (1, (32, 64), "left"),
        (2, (32, 64), "right"),
        (3, (32, 64), "right"),
        (4, (32, 64), "left"),
        (5, (64, 32), "top"),
        (6, (64, 32), "top"),
        (7, (64, 32), "bottom"),
        (8, (64, 32), "bottom"),
    ],
)
def test_a_photo_is_turned_upright(orientation: int, shape: tuple[int, int], red: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    pixels = _image(pictures.encoded(pictures.halves(), "JPEG", exif=exif))
    place = {"left": (16, 8), "right": (16, 56), "top": (8, 16), "bottom": (56, 16)}[red]
    assert pixels.shape[:2] == shape
    assert _near(pixels[place], pictures.RED)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")  # Pillow says so, and the picture is read
def test_damaged_exif_data_do_not_hide_the_picture() -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01"
    assert _near(_image(pictures.encoded(pictures.halves(), "JPEG", exif=exif))[LEFT], pictures.RED)


@pytest.mark.parametrize("picture_format", ["PNG", "WEBP", "TIFF"])
def test_what_is_transparent_becomes_white(picture_format: str) -> None:
    image = pictures.halves().convert("RGBA")
    image.paste((0, 0, 0, 0), (32, 0, 64, 32))
    pixels = _image(pictures.encoded(image, picture_format))
    assert _near(pixels[LEFT], pictures.RED)
    assert _near(pixels[RIGHT], WHITE)


def test_what_is_half_transparent_is_mixed_with_white() -> None:
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 128))
    assert _near(_image(pictures.encoded(image, "PNG"))[MIDDLE], (255, 127, 127))


@pytest.mark.parametrize("picture_format", ["GIF", "PNG"])
def test_a_transparent_entry_of_a_palette_becomes_white(picture_format: str) -> None:
    image = Image.new("P", (64, 32), 0)
    image.putpalette([0, 255, 0, 255, 0, 0])
    image.paste(1, (0, 0, 32, 32))
    pixels = _image(pictures.encoded(image, picture_format, transparency=0))
    assert _near(pixels[LEFT], pictures.RED)
    assert _near(pixels[RIGHT], WHITE)


@pytest.mark.parametrize("picture_format", ["GIF", "PNG", "BMP", "TIFF"])
def test_a_palette_is_looked_up(picture_format: str) -> None:
    image = pictures.halves().quantize(2)
    assert _near(_image(pictures.encoded(image, picture_format))[RIGHT], pictures.BLUE)


@pytest.mark.parametrize("picture_format", ["JPEG", "TIFF"])
def test_printing_inks_become_colours(picture_format: str) -> None:
    image = Image.new("CMYK", (64, 64), (0, 255, 255, 0))
    assert _near(_image(pictures.encoded(image, picture_format))[MIDDLE], pictures.RED)


@pytest.mark.parametrize(("mode", "grey"), [("L", 128), ("LA", (128, 255))])
def test_grey_is_grey_in_every_channel(mode: str, grey: int | tuple[int, int]) -> None:
    assert _near(_image(pictures.encoded(Image.new(mode, (64, 64), grey), "PNG"))[MIDDLE], (128, 128, 128))


def test_black_and_white_is_read() -> None:
    assert _near(_image(pictures.encoded(Image.new("1", (64, 64), 1), "PNG"))[MIDDLE], WHITE)


@pytest.mark.parametrize("picture_format", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_to_eight(picture_format: str) -> None:
    image = Image.fromarray(np.full((64, 64), 128 * 257, dtype=np.uint16))
    assert _near(_image(pictures.encoded(image, picture_format))[MIDDLE], (128, 128, 128))


def test_floating_point_pixels_are_scaled_to_eight_bits() -> None:
    image = Image.fromarray(np.linspace(0, 1, 4096, dtype=np.float32).reshape(64, 64))
    pixels = _image(pictures.encoded(image, "TIFF"))
    assert _near(pixels[0, 0], (0, 0, 0))
    assert _near(pixels[-1, -1], WHITE)


def test_of_an_animation_the_first_frame_is_read() -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in (pictures.RED, pictures.BLUE)]
    data = pictures.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert _near(_image(data)[MIDDLE], pictures.RED)


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_cut_off_picture_is_refused(picture_format: str) -> None:
    data = pictures.encoded(Image.fromarray(pictures.noise(200, 200, seed=1)), picture_format)
    with pytest.raises(MediaUnreadable, match=r"damaged|not a picture"):
        _image(data[: len(data) // 2])


@pytest.mark.parametrize("data", [b"a shirt, blue\n" * 40, b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\x89PNG"])
def test_what_is_no_picture_is_refused_whatever_it_is_named(data: bytes) -> None:
    with pytest.raises(MediaUnreadable, match="not a picture"):
        _image(data)


def test_a_recording_is_no_picture() -> None:
    with pytest.raises(MediaUnreadable, match="not a picture"):
        _image(sounds.encoded(sounds.tone(16_000), 16_000, "wav", "pcm_s16le"))


def test_no_bytes_are_no_picture() -> None:
    with pytest.raises(MediaUnreadable, match="empty"):
        _image(b"")


def test_a_huge_picture_is_refused_by_its_header_alone() -> None:
    tracemalloc.start()
    with pytest.raises(MediaTooLarge, match=r"50000 × 50000 pixels, 2,500\.0 million"):
        _image(pictures.png_header(50_000, 50_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


def test_a_picture_of_just_the_limit_is_read() -> None:
    data = pictures.encoded(Image.new("RGB", (1000, 1000)), "PNG")
    assert _image(data).shape == (1000, 1000, 3)
    with pytest.raises(MediaTooLarge):
        decode_image(data, MediaLimits(max_pixels=999_999, max_seconds=1))
