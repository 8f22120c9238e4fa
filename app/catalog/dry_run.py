"""A dry run: everything of an import is checked, and how long it would take, and nothing is written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import attrgetter
from typing import Protocol

from sqlalchemy.orm import Session, sessionmaker

from app.catalog.batches import Batch, RowError
from app.catalog.drafting import Drafter
from app.catalog.drafts import MediaRef, ProductDraft, RemoteRef
from app.catalog.fetching import AT_ONCE, fetch_checked
from app.catalog.texts import product_texts
from app.db import products
from app.db.job_tables import Job
from app.errors import FieldError, MediaUnreadable, TriseekError
from app.jobs.client import JobClient
from app.media.content import MEBIBYTE
from app.media.remote import Fetcher
from app.media.store import MediaStore
from app.settings import Settings
from app.types import Modality

PIECE = 16  # contents that are examined between two renewals of the lease
FIELDS = {Modality.TEXT: "title", Modality.IMAGE: "images", Modality.SPEECH: "speech"}


class Kind(StrEnum):
    """What a row would do."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"  # nothing of it would be embedded


class Examiner(Protocol):
    """Who has the encoders."""

    def problems(self, modality: Modality, contents: Sequence[str | bytes]) -> list[TriseekError | None]:
        """What keeps each content from being embedded, if anything does."""

    def seconds(self, modality: Modality) -> float:
        """How long one content takes to be embedded, by those that were seen."""


@dataclass(frozen=True, kw_only=True)
class _Content:
    """One content of a draft, and what is wrong with it."""

    place: int  # of its draft among the batch's
    pointer: str
    modality: Modality
    data: str | bytes | MediaRef | RemoteRef
    problem: TriseekError | None = None


class DryRun:
    """What is done with the rows of a file in place of taking them in.

    Args:
        sessions: to the database, which is only read.
        settings: how large media may be.
        store: of its own, for the media of one batch.
        examiner: decodes media and knows how long they take; without one, only what they say of themselves is checked.
    """

    longest = 5.0  # seconds in one go: meanwhile no product is embedded here

    def __init__(
        self, sessions: sessionmaker[Session], settings: Settings, store: MediaStore, examiner: Examiner | None
    ) -> None:
        self._sessions, self._settings, self._store, self._examiner = sessions, settings, store, examiner
        self.drafter = Drafter(store, settings)

    def examine(self, job: Job, batch: Batch, renew: Callable[[], None]) -> tuple[Batch, Mapping[str, float]]:
        """The batch without what could not be embedded, and what its rows would come to: counts, and seconds."""
        before = self._before(job.catalogue_id, [draft.sku for _, draft in batch.drafts])
        kinds = [_kind(draft, before.get(draft.sku)) for _, draft in batch.drafts]
        contents = [
            content
            for place, (kind, (_, draft)) in enumerate(zip(kinds, batch.drafts, strict=True))
            for content in _contents(place, draft)
            if kind is not Kind.UNCHANGED
        ]
        examined = self._examined(contents, renew)
        self._store.clear()
        wrong = {each.place for each in examined if each.problem is not None}
        errors = [
            RowError(line, draft.sku, _problem(examined, place))
            for place, (line, draft) in enumerate(batch.drafts)
            if place in wrong
        ]
        fine = [each for place, each in enumerate(batch.drafts) if place not in wrong]
        # A product is made, and found by the rest of it, though a picture of it is wrong.
        counts = {kind.value: kinds.count(kind) for kind in Kind}
        seconds = sum(self._examiner.seconds(each.modality) for each in examined) if self._examiner else 0.0
        return replace(batch, drafts=fine, errors=sorted([*batch.errors, *errors], key=attrgetter("line"))), {
            **counts,
            "expected_seconds": seconds,
        }

    def take(self, session: Session, job: Job, batch: Batch) -> None:
        """Takes nothing."""

    def wait(self, client: JobClient, job: Job) -> bool:  # noqa: ARG002
        """Nothing of it waits to be embedded."""
        return True

    def _before(self, catalogue_id: int | None, skus: Sequence[str]) -> Mapping[str, bytes]:
        if catalogue_id is None:
            return {}
        with self._sessions() as session:
            return products.content_digests(session, catalogue_id, skus)

    def _examined(self, contents: Sequence[_Content], renew: Callable[[], None]) -> list[_Content]:
        done: list[_Content] = []
        with (
            Fetcher(self._settings.max_media_mb * MEBIBYTE, self._settings.fetch_hosts) as fetcher,
            ThreadPoolExecutor(AT_ONCE) as pool,
        ):
            for start in range(0, len(contents), PIECE):
                piece = contents[start : start + PIECE]
                done += self._decoded(list(pool.map(lambda each: self._read(fetcher, each), piece)))
                renew()
        return done

    def _read(self, fetcher: Fetcher, content: _Content) -> _Content:
        if isinstance(content.data, MediaRef):
            return replace(content, data=self._store.get(content.data.digest))
        if not isinstance(content.data, RemoteRef):
            return content
        try:
            data, _ = fetch_checked(fetcher, self._settings, content.data.url, content.modality)
            return replace(content, data=data)
        except TriseekError as error:
            return replace(content, problem=error)

    def _decoded(self, contents: Sequence[_Content]) -> list[_Content]:
        done = [each for each in contents if each.problem is not None]
        for modality in Modality:
            own = [each for each in contents if each.modality is modality and each.problem is None]
            data = [each.data for each in own if isinstance(each.data, str | bytes)]
            found = self._examiner.problems(modality, data) if self._examiner else [None] * len(own)
            done += [replace(each, data="", problem=problem) for each, problem in zip(own, found, strict=True)]
        return done


def _contents(place: int, draft: ProductDraft) -> Iterator[_Content]:
    for number, text in enumerate(product_texts(draft.title, draft.description, draft.attributes)):
        yield _Content(place=place, pointer=f"/title/{number}", modality=Modality.TEXT, data=text)
    for modality, number, ref in draft.media:
        yield _Content(place=place, pointer=f"/{FIELDS[modality]}/{number}", modality=modality, data=ref)


def _kind(draft: ProductDraft, before: bytes | None) -> Kind:
    if before is None:
        return Kind.NEW
    return Kind.UNCHANGED if before == draft.content_digest else Kind.CHANGED


def _problem(contents: Sequence[_Content], place: int) -> Mapping[str, object]:
    wrong = [FieldError(each.pointer, each.problem.detail) for each in contents if each.problem and each.place == place]
    return MediaUnreadable(wrong[0].detail, wrong).problem()
