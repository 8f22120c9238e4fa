"""Bytes of a picture or recording to numbers: an RGB array, a mono waveform.

What comes in is whatever a shop or its customers hold. A header is believed only where it forbids: the limit of
pixels is checked before a picture is decoded, the limit of seconds while a recording is.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

import av
import numpy as np
import soxr
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from app.errors import MediaTooLarge, MediaUnreadable
from app.settings import Settings

Picture = NDArray[np.uint8]  # (height, width, 3) RGB
Waveform = NDArray[np.float32]  # (samples,) mono, -1 to 1

# A JPEG of several pictures, which Pillow calls MPO, is opened as a JPEG.
PICTURE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
# Only these are tried: FFmpeg also reads play lists, which name further files and addresses to open.
SOUND_FORMATS = "wav,w64,flac,mp3,ogg,matroska,webm,mov,aac,aiff,caf,au,amr,ac3,asf"
SHORTEST = 0.1  # seconds; nobody says a word in less
SILENT = 1e-4  # of full scale, the loudest sample
TRIM_RANGE = 40.0  # decibels below the loudest moment that count as silence at either end
TRIM_FRAME = 0.02  # seconds over which loudness is measured
TRIM_MARGIN = 0.1  # seconds kept around what was heard

# Our own limit is checked before decoding; Pillow's would warn at another size.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, kw_only=True)
class MediaLimits:
    """The largest media that are decoded."""

    max_pixels: int  # width times height
    max_seconds: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits that the settings name."""
        return cls(max_pixels=settings.max_pixels, max_seconds=settings.max_seconds)


def decode_image(data: bytes, limits: MediaLimits) -> Picture:
    """The first frame of a picture, upright, on white where it is transparent: (height, width, 3) uint8 RGB.

    Args:
        data: JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF.
        limits: what is refused.

    Raises:
        MediaUnreadable: the bytes are no picture, or a damaged one.
        MediaTooLarge: it has more pixels than allowed; nothing was decoded.
    """
    if not data:
        raise MediaUnreadable("The picture is empty: it has no bytes.")
    try:
        with Image.open(io.BytesIO(data), formats=PICTURE_FORMATS) as image:
            _check_pixels(image, limits)
            return np.asarray(_on_white(_upright(image)))
    except MediaTooLarge:
        raise
    except MemoryError as error:
        raise MediaTooLarge("The picture needs more memory than a picture may take.") from error
    except UnidentifiedImageError as error:
        raise MediaUnreadable("These bytes are not a picture in a format that is read here.") from error
    except Exception as error:  # damaged bytes make Pillow's decoders raise almost anything
        raise MediaUnreadable(f"The picture is damaged or was cut off: {error}.") from error


def decode_sound(data: bytes, limits: MediaLimits, rate: int = 16_000) -> Waveform:
    """A recording as a mono waveform, without the silence at its ends: (samples,) float32.

    Packets that cannot be decoded are left out, as players do, while the rest is usable.

    Args:
        data: WAV, FLAC, MP3, Ogg, WebM, M4A and the like, at any rate, with any number of channels.
        limits: what is refused.
        rate: samples a second of the result, Hz.

    Raises:
        MediaUnreadable: no sound could be decoded, or it is silent or shorter than a tenth of a second.
        MediaTooLarge: it is longer than allowed; what follows the limit was not decoded.
    """
    if not data:
        raise MediaUnreadable("The recording is empty: it has no bytes.")
    try:
        waveform = _joined(data, limits, rate)
    except (MediaUnreadable, MediaTooLarge):
        raise
    except MemoryError as error:
        raise MediaTooLarge("The recording needs more memory than a recording may take.") from error
    except Exception as error:  # damaged bytes make the decoders and the resampler raise almost anything
        raise MediaUnreadable("These bytes are not a recording in a format that is read here.") from error
    if len(waveform) < SHORTEST * rate:
        raise MediaUnreadable(f"The recording is shorter than {SHORTEST} seconds.")
    if np.abs(waveform).max() < SILENT:
        raise MediaUnreadable("The recording is silent.")
    return trim(waveform, rate)


def trim(waveform: Waveform, rate: int) -> Waveform:
    """The waveform without what is `TRIM_RANGE` decibels quieter than its loudest moment before and after the rest.

    As `librosa.effects.trim`, whose first call in a process compiles for 3 to 25 seconds.
    """
    frame = round(TRIM_FRAME * rate)
    starts = np.arange(0, len(waveform), frame)
    power = np.add.reduceat(waveform.astype(np.float64) ** 2, starts)
    heard = np.flatnonzero(power > power.max() * 10 ** (-TRIM_RANGE / 10))
    margin = round(TRIM_MARGIN * rate)
    start, end = heard[0] * frame - margin, (heard[-1] + 1) * frame + margin
    return waveform[max(0, start) : end]


def _check_pixels(image: Image.Image, limits: MediaLimits) -> None:
    width, height = image.size
    if width * height > limits.max_pixels:
        raise MediaTooLarge(
            f"The picture is {width} × {height} pixels, {width * height / 1e6:,.1f} million; "
            f"at most {limits.max_pixels / 1e6:,.1f} million are allowed."
        )


def _upright(image: Image.Image) -> Image.Image:
    image.load()  # what is wrong with the pixels shows here, what is wrong with the EXIF data below
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001  a picture with damaged EXIF data is shown as it is stored
        return image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return _eight_bits(image).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    white = Image.new("RGB", layered.size, "white")
    white.paste(layered, mask=layered.getchannel("A"))
    return white


def _eight_bits(image: Image.Image) -> Image.Image:
    """A picture of one channel with 16 bits or more, scaled down to 8."""
    values = np.nan_to_num(np.asarray(image, np.float64))
    if image.mode.startswith("I;16"):
        low, high = 0.0, 65_535.0
    else:  # 32 bits, whole or floating: no full scale is agreed on
        low, high = min(0.0, values.min()), max(values.max(), 1e-9)
    return Image.fromarray(((values - low) * (255 / (high - low))).astype(np.uint8))


def _joined(data: bytes, limits: MediaLimits, rate: int) -> Waveform:
    """All decoded frames at the wanted rate, one after another."""
    parts: list[Waveform] = []
    pending: list[Waveform] = []
    seconds, current = Fraction(), 0  # exact: a sum of floats passes the limit a little early
    for samples, found in _frames(data):
        seconds += Fraction(len(samples), found)
        if seconds > limits.max_seconds:
            raise MediaTooLarge(
                f"The recording is longer than {limits.max_seconds:g} seconds, the most that is allowed."
            )
        if found != current and pending:  # the rate changed in the middle
            parts.append(_resampled(pending, current, rate))
            pending = []
        current = found
        pending.append(samples)
    if pending:
        parts.append(_resampled(pending, current, rate))
    if not parts:
        raise MediaUnreadable("No sound could be decoded from the recording.")
    return np.concatenate(parts)


def _resampled(parts: list[Waveform], found: int, wanted: int) -> Waveform:
    waveform = np.clip(np.nan_to_num(np.concatenate(parts)), -1, 1)
    if found == wanted:
        return waveform
    resampled: Waveform = soxr.resample(waveform, found, wanted)  # the resampler that librosa uses
    return resampled


def _frames(data: bytes) -> Iterator[tuple[Waveform, int]]:
    """Mono samples and their rate (Hz), a frame after another."""
    options = {"format_whitelist": SOUND_FORMATS}
    with av.open(io.BytesIO(data), mode="r", options=options, metadata_errors="ignore") as container:
        if not container.streams.audio:
            raise MediaUnreadable("The file holds no sound.")
        stream = container.streams.audio[0]
        for packet in _packets(container, stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            for frame in frames:
                if isinstance(frame, av.AudioFrame) and frame.samples and frame.sample_rate > 0:
                    yield _mono(frame), frame.sample_rate


def _packets(container: av.container.InputContainer, stream: av.AudioStream) -> "Iterator[av.Packet[av.AudioStream]]":
    """The stream's packets until its end, or until nothing more can be read."""
    try:
        yield from container.demux(stream)
    except av.FFmpegError:
        return


def _mono(frame: av.AudioFrame) -> Waveform:
    """The mean over a frame's channels: (samples,) float32, -1 to 1."""
    values = frame.to_ndarray()  # (channels, samples) where planar, else (1, samples * channels)
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    mean = values.mean(axis=0, dtype=np.float64)
    if values.dtype == np.uint8:
        mean = (mean - 128) / 128
    elif values.dtype.kind == "i":
        mean = mean / 2.0 ** (8 * values.dtype.itemsize - 1)
    waveform: Waveform = mean.astype(np.float32)
    return waveform
