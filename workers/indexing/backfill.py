"""Embeds the products that are there into a space, range by range, beside those that come in."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.exc import OperationalError

from app.db import backfill, embeddings, job_errors, jobs, media, spaces
from app.db.job_tables import Job
from app.db.space_tables import BackfillRange, EmbeddingSpace
from app.db.tables import Product
from app.errors import TriseekError
from app.spaces import reindex
from app.spaces.reindex import ReindexRequest
from app.types import SpaceState
from workers.connections import Connections
from workers.content_problems import problems_of
from workers.contents import Content, medium_of, texts_of
from workers.leases import renewing
from workers.space_embedding import SpaceEmbedding
from workers.space_rows import known_of, write_products
from workers.towers import HeldSpaces, Towers

log = logging.getLogger(__name__)


def run(work: Callable[[], None]) -> None:
    """Does it at once."""
    work()


def backfill_range(
    connections: Connections, held: HeldSpaces, range_id: int, write: Callable[[Callable[[], None]], None] = run
) -> None:
    """Embeds the products of a range into its space, and gives the next one out.

    The range is leased: what comes of it is only written if nobody has taken it over meanwhile, and of each product
    only if it is the one that was read. Those that wait to be embedded are left to be: that embeds them here, too.

    Args:
        connections: of the process.
        held: its spaces.
        range_id: of the range.
        write: does what writes the range, at once or later.
    """
    with connections.jobs.transaction() as session:
        leased = backfill.lease(session, range_id)
        job = None if leased is None else reindex.running(session, leased.job_id)
        if leased is None or job is None:
            return
        space = spaces.find(session, leased.space_id)
        assert space is not None  # its ranges would have gone with it
        products = backfill.products_of(session, leased, job.catalogue_id)
        stored = media.of_products(session, [product.id for product in products])
    request = ReindexRequest.of(job)
    by_id = {product.id: product for product in products}
    contents = [content for product in products for content in texts_of(product)]
    contents += [medium_of(connections.store, by_id[row.product_id], row) for row in stored]
    with _told(connections, leased.job_id):
        embedding = _embed(connections, held.of(space), held, contents, products, leased, request)
        write(lambda: _write(connections, job, space, leased, products, embedding))


def _write(
    connections: Connections,
    job: Job,
    space: EmbeddingSpace,
    leased: BackfillRange,
    products: Sequence[Product],
    embedding: SpaceEmbedding,
) -> None:
    with _told(connections, job.id), connections.jobs.transaction() as session:
        spaces.lock_states(session, shared=True)
        state = spaces.find(session, space.id)
        now = embeddings.lock_versions(session, [product.id for product in products])
        if state is None or state.state == SpaceState.RETIRED or not backfill.finish(session, leased):
            return
        current = [product for product in products if product.id in now and _is_as_read(product, now[product.id])]
        write_products(session, space, current, embedding)
        problems = problems_of(embedding, [space.id])
        # What could not be embedded before is no news.
        worse = [product for product in current if product.id in problems and product.failed_version != product.version]
        job_errors.add(session, job.id, [(None, product.sku, problems[product.id]) for product in worse])
        encoded = len(embedding.encoded)
        jobs.advance(session, job.id, done=len(products) - len(worse), failed=len(worse), encoded=encoded)
        reindex.go_on(session, job, space.id)


@contextmanager
def _told(connections: Connections, job_id: UUID) -> Iterator[None]:
    """What goes wrong is said in the job."""
    try:
        yield
    except TriseekError as error:
        reindex.give_up(connections.jobs, job_id, error.problem())
    except OperationalError as error:
        # A disk that is full, a server that restarts: the range is taken again once its lease has run out.
        reindex.hold_up(connections.jobs, job_id, error)


def _embed(
    connections: Connections,
    towers: Towers,
    held: HeldSpaces,
    contents: Sequence[Content],
    products: Sequence[Product],
    leased: BackfillRange,
    request: ReindexRequest,
) -> SpaceEmbedding:
    with connections.sessions() as session:
        known = known_of(session, towers, products)
    if request.in_place:
        # What is embedded anew is not known, and what the encoder gave before is not asked for.
        known = {key: each for key, each in known.items() if request.only not in (None, key[1])}

    outputs = None if request.in_place else held.outputs
    embedding = SpaceEmbedding([towers], contents, {towers.space.id: known}, outputs)
    embedding.run(renewing(connections, lambda session: backfill.renew(session, leased)))
    return embedding


def _is_as_read(product: Product, now: Product) -> bool:
    """Whether a product is the one that was read, and waits for nothing."""
    is_pending = now.version > max(now.embedded_version, now.failed_version)
    return now.version == product.version and not is_pending
