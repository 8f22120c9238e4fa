"""Smaller versions of pictures go when nobody has the picture any more."""

from app.db import media
from app.media.thumbnails import thumbnail_path
from app.removal.collecting import collect
from tests.conftest import Services


def test_what_was_made_of_a_picture_that_is_gone_is_collected(services: Services) -> None:
    kept, gone = services.store.put(b"kept"), "0" * 64
    with services.sessions.begin() as session:
        media.record(session, [(kept, 4, "image/png")])
    for digest in (kept, gone):
        services.store.put_derived(thumbnail_path(digest, 160), b"version")

    collect(services.sessions, services.store)

    assert services.store.get_derived(thumbnail_path(kept, 160)) == b"version"
    assert services.store.get_derived(thumbnail_path(gone, 160)) is None
