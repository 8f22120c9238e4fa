"""Turns the parts of a query into unit vectors with weights."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.orm import Session

from app.db import products, ranking
from app.db.tables import EmbeddingSpace
from app.errors import FieldError, MediaUnreadable, ProductUnknown, RequestInvalid, TriseekError
from app.media.store import MediaStore
from app.types import Modality, QueryPart, Role
from workers.embedder import Embedder
from workers.towers import Towers
from workers.vectors import read_halfvec, unit


@dataclass(frozen=True, kw_only=True)
class QueryVector:
    """What products are compared with for a part of the query: one vector, or those of a recording's readings."""

    name: str  # of the query part that it stands for
    modality: Modality
    vectors: np.ndarray  # (readings, dim) float32, unit length; the one nearest to a product counts
    weight: float  # the absolute weights of a query sum to 1


@dataclass(frozen=True, kw_only=True)
class EncodedQuery:
    """A query's vectors, and the products that it names, which are no answer to it."""

    vectors: tuple[QueryVector, ...]
    named_products: tuple[int, ...]
    transcript: str | None  # of what was said in it


def encode_query(
    session: Session, store: MediaStore, towers: Towers, catalogue_id: int, parts: Sequence[QueryPart]
) -> EncodedQuery:
    """Embeds texts, pictures and recordings; reads the vectors of products.

    Raises:
        MediaUnreadable: naming each part that could not be read.
        ProductUnknown, RequestInvalid: a product that the query names does not exist, or has no vector yet.
    """
    vectors = _embedded(store, towers.embedder, [part for part in parts if part.sku is None])
    transcripts, heard = _heard(store, towers.embedder, [part for part in parts if part.modality is Modality.SPEECH])
    vectors = [_lightened(vector, heard, towers.embedder.transcript_share) for vector in vectors] + heard
    named = []
    for part in parts:
        if part.sku is not None:
            product_id, own = _of_product(session, towers.space, catalogue_id, part)
            named.append(product_id)
            vectors += own
    total = sum(abs(vector.weight) for vector in vectors)
    shared = tuple(replace(each, weight=each.weight / total) for each in vectors if each.weight)
    return EncodedQuery(vectors=shared, named_products=tuple(named), transcript=" ".join(transcripts) or None)


def _embedded(store: MediaStore, embedder: Embedder, parts: Sequence[QueryPart]) -> list[QueryVector]:
    vectors: list[QueryVector] = []
    wrong: list[FieldError] = []
    for modality in Modality:
        own = [part for part in parts if part.modality is modality]
        contents = [part.text if part.media is None else store.get(part.media) for part in own]
        outcomes = embedder.embed(modality, [content or "" for content in contents], Role.QUERY) if own else []
        for part, outcome in zip(own, outcomes, strict=True):
            if isinstance(outcome, TriseekError):
                wrong.append(FieldError(f"/{part.name}", outcome.detail))
            else:
                own_vector = QueryVector(name=part.name, modality=modality, vectors=outcome[None], weight=part.weight)
                vectors.append(own_vector)
    if wrong:
        raise MediaUnreadable(wrong[0].detail, wrong)
    return vectors


def _heard(store: MediaStore, embedder: Embedder, parts: Sequence[QueryPart]) -> tuple[list[str], list[QueryVector]]:
    """What recordings say, and for each that says something the vectors of its readings."""
    spoken = [part for part in parts if part.media is not None]
    transcripts = embedder.transcribe([store.get(part.media or "") for part in spoken])
    vectors: list[QueryVector] = []
    for part, transcript in zip(spoken, transcripts, strict=True):
        readings = embedder.embed(Modality.TEXT, transcript.readings, Role.QUERY)
        embedded = [vector for vector in readings if isinstance(vector, np.ndarray)]
        if embedded:
            own, weight = np.stack(embedded), part.weight * embedder.transcript_share
            vectors.append(QueryVector(name=part.name, modality=Modality.TEXT, vectors=own, weight=weight))
    return [transcript.text for transcript in transcripts if transcript.text], vectors


def _lightened(vector: QueryVector, heard: Sequence[QueryVector], heard_share: float) -> QueryVector:
    """A recording's own vector with the weight that its transcript leaves to it."""
    if vector.modality is Modality.SPEECH and any(each.name == vector.name for each in heard):
        return replace(vector, weight=vector.weight * (1 - heard_share))
    return vector


def _of_product(
    session: Session, space: EmbeddingSpace, catalogue_id: int, part: QueryPart
) -> tuple[int, list[QueryVector]]:
    where = FieldError(f"/{part.name}", f"names the product {part.sku!r}")
    product = products.find(session, catalogue_id, part.sku or "")
    if product is None:
        raise ProductUnknown(f"The catalogue has no product {part.sku!r}.", [where])
    stored = [
        (Modality(row.modality), read_halfvec(row.vector)) for row in ranking.vectors(session, space, [product.id])
    ]
    wanted = [modality for modality in Modality if part.modality in (None, modality)]
    means = {
        modality: unit(np.mean([vector for own, vector in stored if own is modality], axis=0))
        for modality in wanted
        if any(own is modality for own, _ in stored)
    }
    if not means:
        raise RequestInvalid(f"Product {part.sku!r} has no vector to search with yet.", [where])
    return product.id, [
        QueryVector(name=part.name, modality=modality, vectors=mean[None], weight=part.weight / len(means))
        for modality, mean in means.items()
    ]
