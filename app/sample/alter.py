"""The same picture, altered as another photo of the same thing would be: turned, grey, cropped, noisy."""

import io
import random

from PIL import Image

ALTERATIONS = ("rotated", "grey", "cropped", "noisy")


def alter(picture: bytes, how: str, rng: random.Random) -> bytes:
    """Alters a picture.

    Args:
        picture: Any picture that Pillow opens.
        how: One of `ALTERATIONS`: turned by 10 to 30 degrees either way; without colour; 65 to 80 % of its width and
            height from anywhere; a quarter of each pixel replaced by noise.
        rng: Decides the amounts.

    Returns:
        A JPEG.
    """
    with Image.open(io.BytesIO(picture)) as opened:
        image = opened.convert("RGB")
    altered = {"rotated": _rotated, "grey": _grey, "cropped": _cropped, "noisy": _noisy}[how](image, rng)
    file = io.BytesIO()
    altered.save(file, "JPEG", quality=85)
    return file.getvalue()


def _rotated(image: Image.Image, rng: random.Random) -> Image.Image:
    angle = rng.uniform(10, 30) * rng.choice((-1, 1))
    return image.rotate(angle, Image.Resampling.BICUBIC, fillcolor="white")


def _grey(image: Image.Image, _rng: random.Random) -> Image.Image:
    return image.convert("L").convert("RGB")


def _cropped(image: Image.Image, rng: random.Random) -> Image.Image:
    share = rng.uniform(0.65, 0.8)
    width, height = round(image.width * share), round(image.height * share)
    left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
    return image.crop((left, top, left + width, top + height))


def _noisy(image: Image.Image, rng: random.Random) -> Image.Image:
    noise = Image.frombytes("RGB", image.size, rng.randbytes(3 * image.width * image.height))
    return Image.blend(image, noise, 0.25)
