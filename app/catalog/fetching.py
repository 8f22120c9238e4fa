"""Fetches the pictures and recordings of products that clients gave the addresses of."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from app.catalog.drafts import MediaRef
from app.db import embeddings, media
from app.db.tables import ProductMedia
from app.errors import MediaTooLarge, MediaUnfetchable, MediaUnreadable
from app.jobs.client import JobClient, enqueue
from app.jobs.names import Task
from app.media.content import MEBIBYTE, check_media
from app.media.remote import Fetcher
from app.media.store import MediaStore
from app.settings import Settings
from app.types import Modality

AT_ONCE = 16  # connections


def fetch_media(client: JobClient, store: MediaStore, settings: Settings, product_ids: Sequence[int]) -> None:
    """Fetches what these products lack, writes down what came or why it did not, and has them embedded."""
    with client.transaction() as session:
        rows = media.unfetched(session, product_ids)
    with (
        Fetcher(settings.max_media_mb * MEBIBYTE, settings.fetch_hosts) as fetcher,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        found = list(pool.map(lambda row: _fetched(fetcher, store, settings, row), rows))
    with client.transaction() as session:
        # In the order in which all who write products take them.
        embeddings.lock_versions(session, product_ids)
        media.record(session, [(ref.digest, ref.bytes, ref.content_type) for ref in found if isinstance(ref, MediaRef)])
        for row, each in zip(rows, found, strict=True):
            came = {"digest": each.digest} if isinstance(each, MediaRef) else {"problem": each}
            media.set_fetched(session, row, came)
        enqueue(session, Task.EMBED_PRODUCTS, [list(product_ids)])


def fetch_checked(fetcher: Fetcher, settings: Settings, url: str, modality: Modality) -> tuple[bytes, str]:
    """The bytes at an address, and their content type.

    Raises:
        MediaUnfetchable, MediaUnreadable, MediaTooLarge: there is no picture or recording to be had.
    """
    data = fetcher.fetch(url)
    return data, check_media(data, modality, max_mb=settings.max_media_mb, max_pixels=settings.max_pixels)


def _fetched(fetcher: Fetcher, store: MediaStore, settings: Settings, row: ProductMedia) -> MediaRef | str:
    """What came, or why nothing did."""
    try:
        data, content_type = fetch_checked(fetcher, settings, row.url or "", Modality(row.modality))
    except (MediaUnfetchable, MediaUnreadable, MediaTooLarge) as error:
        return error.detail
    return MediaRef(digest=store.put(data), bytes=len(data), content_type=content_type)
