"""Embeds products: reads what waits, makes its vectors, writes them if nothing has changed meanwhile."""

import hashlib
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pgvector import HalfVector
from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.catalog.texts import product_texts
from app.db import embeddings, jobs, media
from app.db.tables import Product, ProductMedia
from app.errors import EmbeddingAbandoned, FieldError, MediaUnfetchable, MediaUnreadable, TriseekError
from app.jobs.client import enqueue
from app.jobs.names import Task
from app.media.store import MediaStore
from app.types import Modality, Role
from workers.alignment.artifact import Alignment
from workers.connections import Connections
from workers.embedder import Embedded, Source
from workers.stored import read_content
from workers.towers import Towers

MAX_ATTEMPTS = 6  # a product whose worker died this often is given up
FIELDS = {Modality.TEXT: "title", Modality.IMAGE: "images", Modality.SPEECH: "speech"}


@dataclass(frozen=True, kw_only=True)
class Content:
    """One text, picture or recording of a product, and then what came of it."""

    product_id: int
    modality: Modality
    ordinal: int
    digest: str  # SHA-256
    data: Source = b""  # pictures and recordings are read when they are to be decoded
    is_known: bool = False  # whether the outcome was made before
    outcome: Embedded | TriseekError | None = None


Known = Mapping[tuple[int, str, str], Embedded]  # product, modality and digest -> what was made of it before


def embed_products(connections: Connections, towers: Towers, product_ids: Sequence[int]) -> None:
    """Embeds those of these products that wait, in one batch a modality.

    What a product had before is not embedded again. The products are leased: the lease is renewed while the work goes
    on, and what comes of it is only written if nobody has taken a product over meanwhile.
    """
    with connections.jobs.transaction() as session:
        claimed = _claim(session, product_ids)
        ids = [product.id for product in claimed]
        known = _known(embeddings.tokens(session, towers.space, ids), towers.embedder.alignment)
        stored = media.of_products(session, ids)
    contents = [content for product in claimed if not _is_given_up(product) for content in _texts(product)]
    contents += [_medium(connections.store, row, known) for row in stored]

    def renew() -> None:
        with connections.jobs.transaction() as session:
            embeddings.renew(session, claimed)

    embedded = _embed(towers, [_with_known(content, known) for content in contents], renew)
    with connections.jobs.transaction() as session:
        _write(session, towers.space.id, claimed, embedded)


def _claim(session: Session, product_ids: Sequence[int]) -> list[Product]:
    claimed = embeddings.claim_pending(session, product_ids)
    if len(claimed) > 1 and any(product.attempts > 1 for product in claimed):
        # A batch that did not end may hold one product that takes the worker down: each goes alone.
        embeddings.hand_back(session, [product.id for product in claimed])
        enqueue(session, Task.EMBED_PRODUCTS, *[[[product.id]] for product in claimed])
        return []
    return claimed


def _known(rows: Sequence[Row[Any]], alignment: Alignment) -> Known:
    read = [read_content(row, alignment) for row in rows]
    return {(each.product_id, each.modality, each.digest): Embedded(each.vector, each.tokens) for each in read}


def _with_known(content: Content, known: Known) -> Content:
    before = known.get((content.product_id, content.modality, content.digest))
    return replace(content, outcome=before, is_known=True) if before is not None else content


def _is_given_up(product: Product) -> bool:
    return product.attempts >= MAX_ATTEMPTS


def _texts(product: Product) -> list[Content]:
    return [
        Content(
            product_id=product.id,
            modality=Modality.TEXT,
            ordinal=ordinal,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            data=text,
        )
        for ordinal, text in enumerate(product_texts(product.title, product.description, product.attributes))
    ]


def _medium(store: MediaStore, row: ProductMedia, known: Known) -> Content:
    digest = row.digest or ""
    content = Content(product_id=row.product_id, modality=Modality(row.modality), ordinal=row.ordinal, digest=digest)
    if row.problem is not None:
        return replace(content, outcome=MediaUnfetchable(row.problem))
    if (row.product_id, row.modality, digest) in known:
        return content
    return replace(content, data=partial(store.get, digest))


def _embed(towers: Towers, contents: Sequence[Content], renew: Callable[[], None]) -> list[Content]:
    done = [content for content in contents if content.outcome is not None]
    lacking = {each: [own for own in contents if own.modality is each and own.outcome is None] for each in Modality}
    # All are started before the first is waited for: pictures are decoded while texts are in the forward pass.
    started = {
        modality: towers.embedder.start(modality, [content.data for content in own], Role.PASSAGE)
        for modality, own in lacking.items()
    }
    for modality, own in lacking.items():
        remaining = iter(own)
        for outcomes in started[modality]:
            taken = itertools.islice(remaining, len(outcomes))
            done += [replace(content, data=b"", outcome=each) for content, each in zip(taken, outcomes, strict=True)]
            renew()
    return done


def _write(session: Session, space_id: int, claimed: Sequence[Product], embedded: Sequence[Content]) -> None:
    contents: dict[int, list[Content]] = defaultdict(list)
    for content in embedded:
        contents[content.product_id].append(content)
    now = embeddings.lock_versions(session, [product.id for product in claimed])
    # A product that was changed meanwhile has a message of its own on the way; one that was deleted needs nothing.
    current = [product for product in claimed if product.id in now and _has_lease(product, now[product.id])]
    made = [
        (product, content, content.outcome)
        for product in current
        for content in contents[product.id]
        if isinstance(content.outcome, Embedded)
    ]
    rows = [_row(space_id, product, content, embedded) for product, content, embedded in made]
    tokens = [_tokens(space_id, content, embedded) for _, content, embedded in made if embedded.tokens.labels]
    embeddings.replace(session, space_id, [product.id for product in current], rows, tokens)
    done: Counter[object] = Counter()
    failed: Counter[object] = Counter()
    encoded: Counter[object] = Counter()
    for product in current:
        problem = _problem(product, contents[product.id])
        embeddings.mark(session, product.id, version=product.version, problem=problem)
        if problem is not None and product.job_id is not None:
            jobs.add_errors(session, product.job_id, [(None, product.sku, problem)])
        (done if problem is None else failed)[product.job_id] += 1
        encoded[product.job_id] += sum(not content.is_known for content in contents[product.id])
    for job_id in sorted({product.job_id for product in current if product.job_id is not None}):
        jobs.advance(session, job_id, done=done[job_id], failed=failed[job_id], encoded=encoded[job_id])


def _has_lease(claimed: Product, now: Product) -> bool:
    """Whether this attempt still has the product, at the version that it read."""
    is_pending = now.version > max(now.embedded_version, now.failed_version)
    return is_pending and (now.version, now.attempts) == (claimed.version, claimed.attempts)


def _row(space_id: int, product: Product, content: Content, embedded: Embedded) -> dict[str, object]:
    return {
        "space_id": space_id,
        "product_id": product.id,
        "modality": content.modality,
        "ordinal": content.ordinal,
        "catalogue_id": product.catalogue_id,
        "product_version": product.version,
        "digest": content.digest,
        "embedding": HalfVector(embedded.vector),
    }


def _tokens(space_id: int, content: Content, embedded: Embedded) -> dict[str, object]:
    return {
        "space_id": space_id,
        "product_id": content.product_id,
        "modality": content.modality,
        "ordinal": content.ordinal,
        "labels": list(embedded.tokens.labels),
        "vectors": HalfVector(embedded.tokens.vectors.ravel()),
    }


def _problem(product: Product, contents: Sequence[Content]) -> dict[str, object] | None:
    if _is_given_up(product):
        return EmbeddingAbandoned().problem()
    wrong = [
        FieldError(f"/{FIELDS[content.modality]}/{content.ordinal}", content.outcome.detail)
        for content in contents
        if isinstance(content.outcome, TriseekError)
    ]
    return MediaUnreadable(wrong[0].detail, wrong).problem() if wrong else None
