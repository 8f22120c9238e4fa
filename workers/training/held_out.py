"""Judged sets that have nothing to judge by: some of their products are kept apart."""

from collections.abc import Sequence
from dataclasses import replace

from app.types import Modality
from workers.evaluation.judged import EVERY_SPLIT, JudgedProduct, JudgedQuery, JudgedSet
from workers.output_cache import key_of
from workers.training.families import kept_apart
from workers.training.selection import DEV

TRAIN = "train"


def with_dev(judged: Sequence[JudgedSet]) -> list[JudgedSet]:
    """The sets as they are if one of them has queries on dev; else with some products of train moved there."""
    if any(each.of_split(DEV) for each in judged):
        return list(judged)
    return [_held_out(each) for each in judged]


def _held_out(judged: JudgedSet) -> JudgedSet:
    """Products that are kept apart are asked for by the queries that only they answer, and by their titles."""
    learnt = [product for product in judged.products.values() if product.split in (TRAIN, EVERY_SPLIT)]
    kept = kept_apart([product.id for product in learnt], [_traits(product) for product in learnt])
    moved = {product.id: replace(product, split=DEV) for product, own in zip(learnt, kept, strict=True) if own}
    queries = [
        replace(query, split=DEV) if query.split == TRAIN and query.relevant <= moved.keys() else query
        for query in judged.queries
    ]
    titles = [_title_query(product) for product in moved.values() if product.title]
    return replace(judged, products={**judged.products, **moved}, queries=(*queries, *titles))


def _traits(product: JudgedProduct) -> list[str]:
    named = f"title {product.title.casefold()}" if product.title else f"id {product.id}"
    return [named, *(f"picture {key_of(path.read_bytes())}" for path in product.images if path.is_file())]


def _title_query(product: JudgedProduct) -> JudgedQuery:
    return JudgedQuery(
        id=f"{product.id} title",
        modality=Modality.TEXT,
        text=product.title,
        path=None,
        relevant=frozenset({product.id}),
        split=DEV,
        kind="",
        lang="",
        leave_out=("title",),
        transcript="",
    )
