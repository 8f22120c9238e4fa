"""Makes drafts of what clients send: checks each picture and recording and puts it into the media store."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.drafts import MediaRef, ProductDraft, RemoteRef
from app.errors import FieldError, MediaTooLarge, MediaUnreadable, TriseekError
from app.media.content import check_media
from app.media.store import MediaStore
from app.settings import Settings
from app.types import Modality


class Drafter:
    """Turns validated content into drafts.

    Args:
        store: where pictures and recordings go, before any transaction that speaks of them.
        settings: how large they may be.
    """

    def __init__(self, store: MediaStore, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def draft(self, content: Mapping[str, Any], uploads: Mapping[str, bytes] | None = None) -> ProductDraft:
        """The draft of content that ProductSchema has loaded.

        Args:
            content: its fields.
            uploads: the files of the same request by their names.

        Raises:
            MediaUnreadable, MediaTooLarge: naming each wrong picture or recording.
        """
        plain = {name: value for name, value in content.items() if name not in ("images", "speech")}
        images = self.media(content.get("images", ()), Modality.IMAGE, "/images", uploads or {})
        speech = self.media(content.get("speech", ()), Modality.SPEECH, "/speech", uploads or {})
        return ProductDraft(**plain, images=images, speech=speech)

    def media(
        self, sources: Sequence[Mapping[str, Any]], modality: Modality, pointer: str, uploads: Mapping[str, bytes]
    ) -> tuple[MediaRef | RemoteRef, ...]:
        """Stores pictures or recordings that MediaSchema has loaded, all or none; those to be fetched come later.

        Raises:
            MediaUnreadable, MediaTooLarge: naming each wrong one by its pointer.
        """
        checked: list[str | RemoteRef] = []  # content types: the bytes are read again, so that few are in memory
        wrong: list[FieldError] = []
        worst: type[TriseekError] = MediaUnreadable
        for number, source in enumerate(sources):
            if "url" in source:
                checked.append(RemoteRef(source["url"]))
                continue
            try:
                checked.append(self._check(_bytes_of(source, uploads), modality))
            except (MediaUnreadable, MediaTooLarge) as error:
                wrong.append(FieldError(f"{pointer}/{number}", error.detail))
                worst = type(error)
        if wrong:
            raise worst(wrong[0].detail, wrong)
        return tuple(
            each if isinstance(each, RemoteRef) else self._put(_bytes_of(source, uploads), each)
            for source, each in zip(sources, checked, strict=True)
        )

    def medium(self, source: Mapping[str, Any], modality: Modality, uploads: Mapping[str, bytes]) -> MediaRef:
        """Stores one picture or recording that came with the request.

        Raises:
            MediaUnreadable, MediaTooLarge: it is not one, or too large.
        """
        data = _bytes_of(source, uploads)
        return self._put(data, self._check(data, modality))

    def _check(self, data: bytes, modality: Modality) -> str:
        return check_media(data, modality, max_mb=self._settings.max_media_mb, max_pixels=self._settings.max_pixels)

    def _put(self, data: bytes, content_type: str) -> MediaRef:
        return MediaRef(digest=self._store.put(data), bytes=len(data), content_type=content_type)


def _bytes_of(source: Mapping[str, Any], uploads: Mapping[str, bytes]) -> bytes:
    if "base64" in source:
        return bytes(source["base64"])
    name = source["upload"]
    if name not in uploads:
        hint = " Only http and https addresses are fetched." if "://" in name else ""
        raise MediaUnreadable(f"No file named {name!r} came with it.{hint}")
    return uploads[name]
