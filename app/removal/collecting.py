"""Removes stored bytes that nothing needs any more."""

import datetime
from collections import Counter
from collections.abc import Iterator

from sqlalchemy.orm import Session, sessionmaker

from app.db import removals, unused_media
from app.db.locks import only_one
from app.media.store import MediaStore
from app.media.thumbnails import FOLDER, digest_of

GRACE = datetime.timedelta(hours=1)  # in which unused bytes may come to be used again
AT_ONCE = 200  # contents removed in one transaction
COLLECTING = "collect media"  # the lock of who collects, or wants nothing collected
OUTPUTS = "outputs"  # the folder of what encoders gave


def collect(sessions: sessionmaker[Session], store: MediaStore, *, dry_run: bool = False) -> dict[str, int]:
    """Removes what is unused for an hour, bytes that no row knows, and what encoders gave of either.

    While a backup is written, or another process collects, nothing is.

    Args:
        sessions: of the database.
        store: of the bytes.
        dry_run: only counts.

    Returns:
        How many `media` were removed, their `bytes`, `unknown` files, kept `outputs`, and how many are `unused` still.
    """
    with sessions.begin() as session:
        unused = unused_media.mark(session)
        if dry_run:
            session.rollback()
    if dry_run:
        return {"unused": unused}
    with only_one(sessions.kw["bind"], COLLECTING) as is_ours:
        found = _collected(sessions, store, unused) if is_ours else Counter({"unused": unused})
    return {name: found[name] for name in ("media", "bytes", "unknown", "outputs", "unused")}


def _collected(sessions: sessionmaker[Session], store: MediaStore, unused: int) -> Counter[str]:
    found = Counter({"unused": unused})
    while True:
        with sessions.begin() as session:
            taken = unused_media.take(session, GRACE, AT_ONCE)
        for digest, size in taken:
            store.remove(digest, only_old=True)  # else it is unknown, and removed once it is old
            found.update(media=1, bytes=size, unused=-1)
        if len(taken) < AT_ONCE:
            break
    found["unknown"] = _remove_unknown(sessions, store)
    _remove_thumbnails(sessions, store)
    found["outputs"] = sum(_remove_outputs(sessions, store))
    return found


def forget_jobs(sessions: sessionmaker[Session], age: datetime.timedelta) -> int:
    """Removes jobs that ended longer ago than this, with what searches found; how many."""
    count = 0
    while True:
        with sessions.begin() as session:
            removed = removals.remove_old_jobs(session, age, AT_ONCE)
        count += removed
        if removed < AT_ONCE:
            return count


def _remove_unknown(sessions: sessionmaker[Session], store: MediaStore) -> int:
    """Bytes whose transaction never came, or whose row is gone."""
    count = 0
    for digests in store.digests():
        with sessions() as session:
            known = unused_media.known(session, digests)
        count += sum(store.remove(digest, only_old=True) for digest in digests if digest not in known)
    return count


def _remove_thumbnails(sessions: sessionmaker[Session], store: MediaStore) -> None:
    """Those that a worker made of pictures that were removed meanwhile."""
    for part in store.derived(FOLDER):
        names = store.derived(f"{FOLDER}/{part}")
        with sessions() as session:
            known = unused_media.known(session, sorted({digest_of(name) for name in names}))
        for name in names:
            if digest_of(name) not in known:
                store.remove_derived(f"{FOLDER}/{part}/{name}")


def _remove_outputs(sessions: sessionmaker[Session], store: MediaStore) -> Iterator[int]:
    """What encoders gave that no space has, or of contents that no product has."""
    with sessions() as session:
        encoders = unused_media.encoders(session)
    for encoder in store.derived(OUTPUTS):
        for part in store.derived(f"{OUTPUTS}/{encoder}"):
            digests = store.derived(f"{OUTPUTS}/{encoder}/{part}")
            if encoder in encoders:
                with sessions() as session:
                    used = unused_media.embedded(session, digests)
            else:
                used = set()
            yield remove_outputs(store, encoder, [digest for digest in digests if digest not in used])
        if encoder not in encoders:
            store.remove_derived_folder(f"{OUTPUTS}/{encoder}")


def remove_outputs(store: MediaStore, encoder: str, digests: list[str]) -> int:
    """Removes what an encoder gave of these contents; how many are named."""
    for digest in digests:
        store.remove_derived(f"{OUTPUTS}/{encoder}/{digest[:2]}/{digest}")
    return len(digests)
