"""Embeds products: reads what waits, makes its vectors in every space, writes them if nothing has changed meanwhile."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from app import context
from app.db import embeddings, job_errors, jobs, media, products, spaces
from app.db.space_tables import EmbeddingSpace
from app.db.tables import Product
from app.errors import EmbeddingAbandoned
from app.jobs.client import enqueue
from app.jobs.names import Task
from app.types import SpaceState
from workers.connections import Connections
from workers.content_problems import problems_of
from workers.contents import medium_of, texts_of
from workers.leases import renewing
from workers.metrics import metrics
from workers.space_embedding import SpaceEmbedding
from workers.space_rows import known_of, write_products
from workers.towers import HeldSpaces

MAX_ATTEMPTS = 6  # a product whose worker died this often is given up


def embed_products(connections: Connections, held: HeldSpaces, product_ids: Sequence[int]) -> None:
    """Embeds those of these products that wait into every space that is not retired, in one batch a modality.

    What a product had before is not embedded again. The products are leased: the lease is renewed while the work goes
    on, and what comes of it is only written if nobody has taken a product over meanwhile.
    """
    with connections.jobs.transaction() as session:
        written = spaces.writable(session, products.catalogues_of(session, product_ids))
        claimed = _claim(session, product_ids)
    _name_job(claimed)
    embedding = embed_claimed(connections, held, written, claimed)
    with connections.jobs.transaction() as session:
        counted = write_claimed(session, claimed, embedding)
    for outcome, count in counted.items():
        metrics().products.labels(outcome).inc(count)


def embed_claimed(
    connections: Connections, held: HeldSpaces, written: Sequence[EmbeddingSpace], claimed: Sequence[Product]
) -> SpaceEmbedding:
    """Embeds claimed products into these spaces, and writes nothing."""
    by_id = {product.id: product for product in claimed}
    towers = [held.of(space) for space in written]
    with connections.sessions() as session:
        stored = media.of_products(session, list(by_id))
        known = {each.space.id: known_of(session, each, claimed) for each in towers}
    contents = [content for product in claimed if not _is_given_up(product) for content in texts_of(product)]
    contents += [medium_of(connections.store, by_id[row.product_id], row) for row in stored]

    embedding = SpaceEmbedding(towers, contents, known, held.outputs)
    embedding.run(renewing(connections, lambda session: embeddings.renew(session, claimed)))
    return embedding


def _claim(session: Session, product_ids: Sequence[int]) -> list[Product]:
    claimed = embeddings.claim_pending(session, product_ids)
    if len(claimed) > 1 and any(product.attempts > 1 for product in claimed):
        # A batch that did not end may hold one product that takes the worker down: each goes alone.
        embeddings.hand_back(session, [product.id for product in claimed])
        enqueue(session, Task.EMBED_PRODUCTS, *[[[product.id]] for product in claimed])
        return []
    return claimed


def _name_job(claimed: Sequence[Product]) -> None:
    """Lets logs tell of which job this is, where all the products are of one."""
    job_ids = {product.job_id for product in claimed}
    if len(job_ids) == 1 and None not in job_ids:
        context.name_job(job_ids.pop())


def _is_given_up(product: Product) -> bool:
    return product.attempts >= MAX_ATTEMPTS


def write_claimed(session: Session, claimed: Sequence[Product], embedding: SpaceEmbedding) -> Mapping[str, int]:
    """Writes what came of those products that this attempt still has, at the versions that it read.

    Returns:
        How many were `embedded`, and how many `failed`.
    """
    now_written = spaces.writable(session, {product.catalogue_id for product in claimed})
    now = embeddings.lock_versions(session, [product.id for product in claimed])
    # A product that was changed meanwhile has a message of its own on the way; one that was deleted needs nothing.
    current = [product for product in claimed if product.id in now and _has_lease(product, now[product.id])]
    if not {space.id for space in now_written} <= embedding.outcomes.keys():
        # A space has come meanwhile: what is written now would be missing in it for ever.
        embeddings.hand_back(session, [product.id for product in current])
        enqueue(session, Task.EMBED_PRODUCTS, [[product.id for product in current]])
        return {}
    for space in now_written:
        write_products(session, space, current, embedding)
    answering = [space.id for space in now_written if space.state == SpaceState.ACTIVE]
    return _count(session, current, embedding, problems_of(embedding, answering))


def _count(
    session: Session,
    current: Sequence[Product],
    embedding: SpaceEmbedding,
    problems: Mapping[int, Mapping[str, object]],
) -> Mapping[str, int]:
    """Says what came of each product, and of their jobs."""
    done: Counter[object] = Counter()
    failed: Counter[object] = Counter()
    job_of = {product.id: product.job_id for product in current}
    encoded = Counter(job_of.get(embedding.contents[place].product_id) for place in embedding.encoded)
    for product in current:
        problem = EmbeddingAbandoned().problem() if _is_given_up(product) else problems.get(product.id)
        embeddings.mark(session, product.id, version=product.version, problem=problem)
        if problem is not None and product.job_id is not None:
            job_errors.add(session, product.job_id, [(None, product.sku, problem)])
        (done if problem is None else failed)[product.job_id] += 1
    for job_id in sorted({product.job_id for product in current if product.job_id is not None}):
        jobs.advance(session, job_id, done=done[job_id], failed=failed[job_id], encoded=encoded[job_id])
    return {"embedded": done.total(), "failed": failed.total()}


def _has_lease(claimed: Product, now: Product) -> bool:
    """Whether this attempt still has the product, at the version that it read."""
    is_pending = now.version > max(now.embedded_version, now.failed_version)
    return is_pending and (now.version, now.attempts) == (claimed.version, claimed.attempts)
