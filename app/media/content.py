"""What stored bytes are: told from the bytes themselves, never from a file's name or a client's word."""

import io
import warnings

from PIL import Image, UnidentifiedImageError

from app.errors import MediaTooLarge, MediaUnreadable
from app.types import Modality

IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
MEBIBYTE = 2**20

# Pillow's own guard warns at one size and raises at another. Ours is checked wherever a picture is opened, on its
# header, before any pixel is decoded.
Image.MAX_IMAGE_PIXELS = None
# Nor do its warnings help: a strange picture can bring thousands of them, and fill the log.
warnings.filterwarnings("ignore", module=r"PIL\.")

# Beginnings by which the recordings of browsers, phones and shops are known. Anything else that is neither a picture
# nor a text is left to the worker's decoder.
SOUND_STARTS = (
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\x1a\x45\xdf\xa3", "audio/webm"),
)


def check_media(data: bytes, modality: Modality, *, max_mb: int, max_pixels: int) -> str:
    """The content type of a picture or recording, as far as its beginning shows.

    A picture's header is read, not its pixels: a damaged picture passes and fails when it is embedded.

    Raises:
        MediaTooLarge: it has more bytes or pixels than allowed.
        MediaUnreadable: it is empty, or not of this modality.
    """
    if not data:
        raise MediaUnreadable("The file is empty (0 bytes).")
    if len(data) > max_mb * MEBIBYTE:
        raise MediaTooLarge(f"The file has {len(data) / MEBIBYTE:.1f} MiB; at most {max_mb} MiB are allowed.")
    return _image_type(data, max_pixels) if modality is Modality.IMAGE else _sound_type(data)


def _image_type(data: bytes, max_pixels: int) -> str:
    try:
        with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:
            width, height = image.size
            # Phones write several pictures into one JPEG, which Pillow calls MPO; the first is read, as of any JPEG.
            content_type = "image/jpeg" if image.format == "MPO" else Image.MIME[image.format or ""]
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise MediaUnreadable(f"The file is not a picture in one of {', '.join(IMAGE_FORMATS)}.") from error
    if width * height > max_pixels:
        raise MediaTooLarge(f"The picture has {width} × {height} pixels; at most {max_pixels:,} in all are allowed.")
    return content_type


def _sound_type(data: bytes) -> str:
    for start, content_type in SOUND_STARTS:
        if data.startswith(start):
            return content_type
    if data[4:8] == b"ftyp":
        return "audio/mp4"
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":  # a WebP picture begins with RIFF too
        return "audio/wav"
    if _is_picture(data) or _is_text(data):
        raise MediaUnreadable("The file is not a recording.")
    return "application/octet-stream"


def _is_picture(data: bytes) -> bool:
    try:
        Image.open(io.BytesIO(data), formats=IMAGE_FORMATS).close()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return False
    return True


def _is_text(data: bytes) -> bool:
    try:
        start = data[:512].decode("utf-8", errors="strict" if len(data) <= 512 else "ignore")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character.isspace() for character in start)
