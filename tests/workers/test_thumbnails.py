"""Smaller versions of pictures, made as they are decoded."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.media.store import MediaStore
from app.media.thumbnails import WIDTHS, thumbnail_path
from workers.thumbnails import StoredPicture


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    return MediaStore(str(tmp_path))


def _made(store: MediaStore, width: int, height: int) -> dict[int, Image.Image]:
    """The versions of a picture, red on its left half, by their widths."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = 255
    digest = store.put(f"{width} x {height}".encode())
    StoredPicture(store, digest).leave_thumbnails(pixels)
    found = {each: store.get_derived(thumbnail_path(digest, each)) for each in WIDTHS}
    return {each: Image.open(io.BytesIO(data)) for each, data in found.items() if data is not None}


def test_a_picture_gets_a_version_of_each_width(store: MediaStore) -> None:
    made = _made(store, 1_000, 500)
    assert {width: each.size for width, each in made.items()} == {160: (160, 80), 480: (480, 240)}
    for width, each in made.items():
        assert each.format == "JPEG"
        assert np.abs(np.asarray(each)[40, width // 4].astype(int) - (255, 0, 0)).max() < 8
        assert np.abs(np.asarray(each)[40, width * 3 // 4].astype(int)).max() < 8


def test_no_version_is_larger_than_the_picture(store: MediaStore) -> None:
    assert list(_made(store, 300, 300)) == [160]
    assert _made(store, 160, 90) == {}


def test_a_strip_has_none(store: MediaStore) -> None:
    assert _made(store, 200, 2_100) == {}


def test_a_picture_is_removed_with_its_versions(store: MediaStore) -> None:
    digest = store.put(b"picture")
    StoredPicture(store, digest).leave_thumbnails(np.zeros((500, 500, 3), np.uint8))
    assert store.get_derived(thumbnail_path(digest, 160))
    store.remove(digest)
    assert [store.get_derived(thumbnail_path(digest, width)) for width in WIDTHS] == [None, None]


def test_a_full_store_only_lacks_them(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: str, __: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "put_derived", full)
    assert _made(store, 500, 500) == {}
