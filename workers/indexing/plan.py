"""What a reindex will take, told before it begins."""

import time
from dataclasses import dataclass
from typing import Any

from app.db import counting, media
from app.db.job_tables import Job
from app.spaces.reindex import ReindexRequest
from app.types import Modality, SpaceState
from workers.connections import Connections
from workers.contents import Content, medium_of, texts_of
from workers.kept_outputs import KeptOutputs
from workers.space_embedding import SpaceEmbedding
from workers.towers import HeldSpaces, Towers
from workers.weights_size import weights_bytes

SAMPLE = 24  # products that are embedded to see how long it takes
MEGABYTE = 2**20


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What there is to be embedded, and what it takes."""

    in_place: bool  # whether the space is active, and what is in it embedded anew
    there: str | None  # the state of the space, if there is one
    products: int
    contents: dict[Modality, int]  # about, of texts
    encoders: dict[Modality, str]
    dim: int
    kept_share: float | None  # of contents whose encoders' outputs were kept: only the alignment is left to do
    seconds: float | None  # with one worker, about; of a plan that is carried out, nothing is measured
    disk_bytes: int | None  # of vectors, tokens and indexes, about; unknown while there are none
    weights_mb: float  # of encoders and alignment, in each worker
    shared_mb: float  # of these, what the active space has loaded anyway

    def document(self) -> dict[str, Any]:
        """As it is told."""
        return {
            "in_place": self.in_place,
            "there": self.there,
            "products": self.products,
            "contents": {str(modality): count for modality, count in self.contents.items()},
            "encoders": {str(modality): encoder for modality, encoder in self.encoders.items()},
            "dim": self.dim,
            "kept_share": None if self.kept_share is None else round(self.kept_share, 3),
            "expected_seconds": None if self.seconds is None else round(self.seconds, 1),
            "disk_bytes": self.disk_bytes,
            "weights_mb": round(self.weights_mb, 1),
            "shared_weights_mb": round(self.shared_mb, 1),
        }


def plan_of(connections: Connections, held: HeldSpaces, towers: Towers, job: Job, there: str | None) -> Plan:
    """Looks at what is there, and embeds a few products to see how long each takes."""
    request, in_place = ReindexRequest.of(job), there == SpaceState.ACTIVE
    with connections.sessions() as session:
        count = counting.products(session, job.catalogue_id)
        counted = counting.media(session, job.catalogue_id)
        a_vector = counting.bytes_a_vector(session)
        products = counting.sample(session, job.catalogue_id, SAMPLE)
        stored = media.of_products(session, [product.id for product in products])
    by_id = {product.id: product for product in products}
    contents = [content for product in products for content in texts_of(product)]
    contents += [medium_of(connections.store, by_id[row.product_id], row) for row in stored]
    contents = [content for content in contents if request.only in (None, content.modality)]
    seconds, kept = _timed(None if in_place else held.outputs, towers, contents) if request.dry_run else (None, None)
    texts = round(count * sum(each.modality is Modality.TEXT for each in contents) / max(1, len(products)))
    numbers = {Modality.TEXT: texts, **counted}
    active = held.active()
    size, shared = weights_bytes(towers.embedder, active.embedder)
    return Plan(
        in_place=in_place,
        there=there,
        products=count,
        contents={each: numbers.get(each, 0) for each in Modality if request.only in (None, each)},
        encoders={each: towers.space.encoders[each] for each in Modality},
        dim=towers.space.dim,
        kept_share=kept,
        seconds=None if seconds is None else seconds * count / max(1, len(products)),
        disk_bytes=None if a_vector is None else round(sum(numbers.values()) * a_vector),
        weights_mb=size / MEGABYTE,
        shared_mb=shared / MEGABYTE,
    )


def _timed(outputs: KeptOutputs | None, towers: Towers, contents: list[Content]) -> tuple[float, float]:
    """How long the contents take, in seconds, and the share of them that no encoder has to see."""
    if not contents:
        return 0.0, 0.0
    warm = {content.modality: content for content in contents}
    for only_first in (list(warm.values()), contents):
        embedding = SpaceEmbedding([towers], only_first, {}, outputs)
        started = time.perf_counter()
        embedding.run(lambda: None)
        seconds = time.perf_counter() - started
    return seconds, 1 - len(embedding.encoded) / len(contents)
