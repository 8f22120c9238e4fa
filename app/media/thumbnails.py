"""Where the smaller versions of pictures lie: made by workers as they decode a picture, shown by the web process."""

from collections.abc import Sequence

WIDTHS = (160, 480)  # pixels
FOLDER = "thumbnails"  # of the media store
CONTENT_TYPE = "image/jpeg"


def thumbnail_path(digest: str, width: int) -> str:
    """Of a picture's version of one of the widths; there is none of a picture that is not wider itself."""
    return f"{FOLDER}/{digest[:2]}/{digest}-{width}"


def thumbnail_paths(digest: str) -> Sequence[str]:
    """Of all versions that a picture can have."""
    return [thumbnail_path(digest, width) for width in WIDTHS]


def digest_of(name: str) -> str:
    """Of the picture whose version has this name in its folder."""
    return name.partition("-")[0]
