"""Turns the parts of a query into unit vectors with weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from sqlalchemy.orm import Session

from app.db import embeddings, products
from app.errors import FieldError, MediaUnreadable, ProductUnknown, RequestInvalid, TriseekError
from app.media.store import MediaStore
from app.types import Modality, QueryPart
from workers.alignment.artifact import Alignment
from workers.alignment.mixing import Mixing
from workers.alignment.tokens import Tokens
from workers.content_encoder import Source
from workers.embedder import Embedded
from workers.encoders.transcriber import Transcript
from workers.stored import StoredContent, read_contents
from workers.towers import Towers
from workers.vectors import unit
from workers.wording import AskedText


@dataclass(frozen=True, kw_only=True)
class QueryVector:
    """What products are compared with for a part of the query: one vector, or those of a recording's readings.

    One vector may also stand for several parts: then their names, and their modalities, have a `+` between.
    """

    name: str  # of the query part that it stands for
    modality: str
    vectors: np.ndarray  # (readings, dim) float32, unit length; the one nearest to a product counts
    weight: float  # the absolute weights of a query sum to 1
    shares: Mapping[Modality, float]  # product modality -> share of the weight, above zero
    tokens: Tokens | None = None  # of the first reading; None where it stands for several parts
    heard: bool = False  # whether it is what a recording says

    @property
    def given_as(self) -> Modality:
        """The modality that the query's part was given in, of one that stands for one part."""
        return Modality.SPEECH if self.heard else Modality(self.modality)


@dataclass(frozen=True, kw_only=True)
class EncodedQuery:
    """A query's vectors, and the products that it names, which are no answer to it."""

    vectors: tuple[QueryVector, ...]
    asked: tuple[QueryVector, ...]  # before those that are ranked by one vector became one: what the re-rank looks with
    named_products: tuple[int, ...]
    texts: tuple[AskedText, ...]  # whose words products are compared with
    transcript: str | None  # of what was said in it


def encode_query(
    session: Session, store: MediaStore, towers: Towers, catalogue_id: int, parts: Sequence[QueryPart]
) -> EncodedQuery:
    """Embeds texts, pictures and recordings; reads the vectors of products.

    Raises:
        MediaUnreadable: naming each part that could not be read.
        ProductUnknown, RequestInvalid: a product that the query names does not exist, or has no vector yet.
    """
    vectors = _embedded(store, towers, [part for part in parts if part.sku is None])
    said, heard = _heard(store, towers, [part for part in parts if part.modality is Modality.SPEECH])
    vectors = [_lightened(vector, heard, towers.embedder.transcript_share) for vector in vectors if vector.weight]
    named = []
    like: list[QueryVector] = []
    for part in parts:
        if part.sku is not None:
            product_id, own = _of_product(session, towers, catalogue_id, part)
            named.append(product_id)
            like += own
    asked = vectors + heard + like
    if all(part.sku is None for part in parts):
        vectors = _mixed(vectors, towers.embedder.alignment)
    vectors = vectors + heard + like
    total = sum(abs(vector.weight) for vector in vectors)
    texts = [AskedText(readings=[part.text], weight=part.weight) for part in parts if part.text is not None]
    texts += [
        AskedText(readings=transcript.readings, weight=part.weight * towers.embedder.transcript_share)
        for part, transcript in said
    ]
    return EncodedQuery(
        vectors=tuple(replace(each, weight=each.weight / total) for each in vectors if each.weight),
        asked=tuple(replace(each, weight=each.weight / total) for each in asked if each.weight),
        named_products=tuple(named),
        texts=tuple(replace(each, weight=each.weight / total) for each in texts if each.weight),
        transcript=" ".join(transcript.text for _, transcript in said if transcript.text) or None,
    )


def embed_ahead(store: MediaStore, towers: Towers, parts: Sequence[QueryPart]) -> None:
    """Embeds the parts of several queries together, which are then at hand when each of them is encoded."""
    for modality in Modality:
        own = [part for part in parts if part.modality is modality]
        if own:
            towers.asked.embed(towers.embedder, modality, _contents(store, own), ahead=True)
    spoken = _contents(store, [part for part in parts if part.modality is Modality.SPEECH])
    readings = [each for own in towers.asked.transcribe(towers.embedder, spoken).values() for each in own.readings]
    towers.asked.embed(towers.embedder, Modality.TEXT, {reading: reading for reading in readings}, ahead=True)


def _contents(store: MediaStore, parts: Sequence[QueryPart]) -> dict[str, Source]:
    """What parts ask with, by what tells it apart."""
    return {_key(part): part.text or "" if part.media is None else partial(store.get, part.media) for part in parts}


def _key(part: QueryPart) -> str:
    return part.media or part.text or ""


def _embedded(store: MediaStore, towers: Towers, parts: Sequence[QueryPart]) -> list[QueryVector]:
    vectors: list[QueryVector] = []
    wrong: list[FieldError] = []
    for modality in Modality:
        own = [part for part in parts if part.modality is modality]
        outcomes = towers.asked.embed(towers.embedder, modality, _contents(store, own)) if own else {}
        for part in own:
            outcome = outcomes[_key(part)]
            if isinstance(outcome, TriseekError):
                wrong.append(FieldError(f"/{part.name}", outcome.detail))
            else:
                shares = towers.embedder.alignment.card.shares[modality]
                vectors.append(
                    QueryVector(
                        name=part.name,
                        modality=modality,
                        vectors=outcome.vector[None],
                        weight=part.weight,
                        shares=shares,
                        tokens=outcome.tokens,
                    )
                )
    if wrong:
        raise MediaUnreadable(wrong[0].detail, wrong)
    return vectors


def _heard(
    store: MediaStore, towers: Towers, parts: Sequence[QueryPart]
) -> tuple[list[tuple[QueryPart, Transcript]], list[QueryVector]]:
    """What recordings say, and for each that says something the vectors of its readings."""
    spoken = [part for part in parts if part.media is not None]
    transcripts = towers.asked.transcribe(towers.embedder, _contents(store, spoken))
    said = [(part, transcripts[_key(part)]) for part in spoken]
    vectors: list[QueryVector] = []
    for part, transcript in said:
        found = towers.asked.embed(towers.embedder, Modality.TEXT, {each: each for each in transcript.readings})
        embedded = [own for each in transcript.readings if isinstance(own := found[each], Embedded)]
        if embedded:
            vectors.append(
                QueryVector(
                    name=part.name,
                    modality=Modality.TEXT,
                    vectors=np.stack([each.vector for each in embedded]),
                    weight=part.weight * towers.embedder.transcript_share,
                    shares=towers.embedder.alignment.card.shares[Modality.TEXT],
                    tokens=embedded[0].tokens,
                    heard=True,
                )
            )
    return said, vectors


def _lightened(vector: QueryVector, heard: Sequence[QueryVector], heard_share: float) -> QueryVector:
    """A recording's own vector with the weight that its transcript leaves to it."""
    if vector.modality == Modality.SPEECH and any(each.name == vector.name for each in heard):
        return replace(vector, weight=vector.weight * (1 - heard_share))
    return vector


def _mixed(vectors: list[QueryVector], alignment: Alignment) -> list[QueryVector]:
    """One part each of several modalities as the alignment ranks such queries: by shared shares, or by one vector.

    What is unlike something has no place in a mean, nor in a fusion.
    """
    by_modality = {Modality(vector.modality): vector for vector in vectors}
    way = alignment.mixing(frozenset(by_modality))
    if way is Mixing.SUM or len(by_modality) < len(vectors) or any(vector.weight < 0 for vector in vectors):
        return vectors
    weights = {modality: vector.weight for modality, vector in by_modality.items()}
    shares = alignment.mixed_shares(weights)
    if way is Mixing.SHARED:
        return [replace(vector, shares=shares) for vector in vectors]
    columns = {modality: np.array([weight], dtype=np.float32) for modality, weight in weights.items()}
    one = QueryVector(
        name="+".join(vector.name for vector in vectors),
        modality="+".join(by_modality),
        vectors=alignment.mix(way, {modality: vector.vectors for modality, vector in by_modality.items()}, columns),
        weight=sum(weights.values()),
        shares=shares,
    )
    return [one]


def _of_product(session: Session, towers: Towers, catalogue_id: int, part: QueryPart) -> tuple[int, list[QueryVector]]:
    where = FieldError(f"/{part.name}", f"names the product {part.sku!r}")
    product = products.find(session, catalogue_id, part.sku or "")
    if product is None:
        raise ProductUnknown(f"The catalogue has no product {part.sku!r}.", [where])
    wanted = [modality for modality in Modality if part.modality in (None, modality)]
    stored: dict[Modality, list[StoredContent]] = {modality: [] for modality in wanted}
    rows = embeddings.tokens(session, towers.space, catalogue_id, [product.id])
    for content in read_contents(rows, towers.embedder.alignment):
        if content.modality in stored:
            stored[content.modality].append(content)
    means = {modality: unit(np.mean([own.vector for own in each], axis=0)) for modality, each in stored.items() if each}
    if not means:
        raise RequestInvalid(f"Product {part.sku!r} has no vector to search with yet.", [where])
    return product.id, [
        QueryVector(
            name=part.name,
            modality=modality,
            vectors=mean[None],
            weight=part.weight / len(means),
            shares=towers.embedder.alignment.card.shares[modality],
            tokens=Tokens.joined([own.tokens for own in stored[modality]]),
        )
        for modality, mean in means.items()
    ]
