"""Makes smaller versions of pictures, as they are decoded anyway."""

import io
import logging

from PIL import Image

from app.errors import MediaStoreFull
from app.media.store import MediaStore
from app.media.thumbnails import WIDTHS, thumbnail_path
from workers.media import Picture

log = logging.getLogger(__name__)
QUALITY = 80  # of JPEG, 1 to 95
TALLEST = 10  # times its width; what is taller is no thumbnail


class StoredPicture:
    """A stored picture that is read when it is its turn, and leaves its smaller versions behind once it is decoded.

    Args:
        store: has it.
        digest: its SHA-256.
    """

    def __init__(self, store: MediaStore, digest: str) -> None:
        self._store = store
        self._digest = digest

    def __call__(self) -> bytes:
        """Its bytes.

        Raises:
            MediaMissing: the store does not have it.
        """
        return self._store.get(self._digest)

    def leave_thumbnails(self, picture: Picture) -> None:
        """Stores a version of each width that is smaller than the picture's own; one that cannot be kept is missing.

        Args:
            picture: as it was decoded, upright: (height, width, 3) uint8 RGB.
        """
        image = Image.fromarray(picture)
        try:
            for width in sorted(WIDTHS, reverse=True):
                if width < image.width and image.height <= TALLEST * image.width:
                    image = _resized(image, width)
                    self._store.put_derived(thumbnail_path(self._digest, width), _encoded(image))
        except (MediaStoreFull, OSError) as error:
            log.warning("No thumbnail of %s is kept: %s", self._digest, error)


def _resized(image: Image.Image, width: int) -> Image.Image:
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _encoded(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
