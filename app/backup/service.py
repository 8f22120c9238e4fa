"""Backups: the database as it was at one moment, and the media that it names; and back again."""

import datetime
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import fsspec

from app.backup.dump import dump, load
from app.db import snapshots
from app.db.engine import make_engine
from app.db.locks import only_one
from app.db.migrate import upgrade
from app.errors import BackupFailed, MediaMissing
from app.media.store import MediaStore
from app.removal.collecting import COLLECTING

MANIFEST, DATABASE, MEDIA = "manifest.json", "database.dump", "media"
Report = Callable[[int, int], None]  # of how many media how many are copied


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup holds."""

    at: str  # when, as its folder is named
    version: str  # of Triseek
    revision: str  # of the tables
    media: int
    missing: int  # media that the store had lost
    products: int
    vectors: int

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """As it is read from its file."""
        return cls(**document)


def backup(database_url: str, media_url: str, target: str, report: Report) -> Manifest:
    """Writes a backup beside the earlier ones in a folder; media that these have are not written again.

    Args:
        database_url: of the database.
        media_url: of the media store.
        target: a folder, or a URL that fsspec opens, `s3://bucket/prefix`.
        report: is told how far it has come.

    Raises:
        BackupFailed: the database could not be written, or another backup goes on.
    """
    try:
        files, root = fsspec.core.url_to_fs(target)
        files.makedirs(f"{root}/{MEDIA}", exist_ok=True)
    except (OSError, ValueError, ImportError) as error:
        raise BackupFailed(f"{target} cannot be written: {error}") from error
    at = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    engine = make_engine(database_url, pool_size=2)
    try:
        # What nothing needs is not collected meanwhile: the snapshot may still name it.
        with only_one(engine, COLLECTING) as is_ours, tempfile.TemporaryDirectory() as made:
            if not is_ours:
                raise BackupFailed("Another backup, or a collection of media, goes on: try again in a minute.")
            dumped = Path(made) / DATABASE
            with snapshots.exported(engine) as snapshot:
                dump(database_url, snapshot.name, dumped)
                digests, revision, (products, vectors) = snapshot.digests(), snapshot.revision, snapshot.count()
            missing = _copy_media(MediaStore(media_url), files, f"{root}/{MEDIA}", digests, report)
            files.makedirs(f"{root}/{at}", exist_ok=True)
            files.put_file(str(dumped), f"{root}/{at}/{DATABASE}")
            manifest = Manifest(
                at=at,
                version=version("triseek"),
                revision=revision,
                media=len(digests) - missing,
                missing=missing,
                products=products,
                vectors=vectors,
            )
            # Last: a folder without it is of a backup that did not end.
            files.pipe_file(f"{root}/{at}/{MANIFEST}", json.dumps(asdict(manifest), indent=2).encode())
    finally:
        engine.dispose()
    return manifest


def _copy_media(store: MediaStore, files: Any, folder: str, digests: list[str], report: Report) -> int:  # noqa: ANN401  fsspec has no types
    missing = 0
    for count, digest in enumerate(digests, start=1):
        path = f"{folder}/{digest[:2]}/{digest}"
        if not files.exists(path):
            try:
                files.makedirs(f"{folder}/{digest[:2]}", exist_ok=True)
                with store.open(digest) as source, files.open(f"{path}.part", "wb") as target:
                    shutil.copyfileobj(source, target)
                files.mv(f"{path}.part", path)
            except MediaMissing:
                missing += 1
        report(count, len(digests))
    return missing


def listed(target: str) -> list[Manifest]:
    """The backups in a folder that were ended, oldest first."""
    files, root = fsspec.core.url_to_fs(target)
    found = sorted(str(path) for path in files.glob(f"{root}/*/{MANIFEST}"))
    return [Manifest.of(json.loads(files.cat_file(path))) for path in found]


def restore(target: str, at: str | None, database_url: str, media_url: str, report: Report, jobs: int = 2) -> Manifest:
    """Reads a backup into an empty database and a media store, and brings its tables to this release.

    Args:
        target: the folder that backups were written to.
        at: which; the latest unless told.
        database_url: of the database, which is empty.
        media_url: of the media store; what it has already stays.
        report: is told how far it has come.
        jobs: connections that build indexes at once.

    Raises:
        BackupFailed: there is no such backup, the database is not empty, or could not be read.
    """
    backups = {each.at: each for each in listed(target)}
    if not backups or (at is not None and at not in backups):
        there = f"there are {', '.join(backups)}" if backups else "there is none"
        raise BackupFailed(f"{target} has no backup {at}: {there}." if at else f"{target} has no backup.")
    chosen = backups[at or max(backups)]
    files, root = fsspec.core.url_to_fs(target)
    engine = make_engine(database_url, pool_size=1)
    is_empty = snapshots.is_empty(engine)
    engine.dispose()
    if not is_empty:
        raise BackupFailed("The database has tables already: restore into an empty one, and nothing is overwritten.")
    digests = [str(path).rpartition("/")[2] for path in files.glob(f"{root}/{MEDIA}/*/*") if "." not in str(path)[-64:]]
    store = MediaStore(media_url)
    for count, digest in enumerate(digests, start=1):
        with files.open(f"{root}/{MEDIA}/{digest[:2]}/{digest}", "rb") as source:
            stored, _ = store.put_file(source)
        if stored != digest:
            raise BackupFailed(f"{digest} in the backup is damaged.")
        report(count, len(digests))
    with tempfile.TemporaryDirectory() as made:
        files.get_file(f"{root}/{chosen.at}/{DATABASE}", f"{made}/{DATABASE}")
        load(Path(made) / DATABASE, database_url, jobs)
    upgrade(database_url)
    return chosen
