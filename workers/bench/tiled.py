"""What indexes are measured with, from judged sets: the vectors of their pictures, again and again with noise."""

from collections.abc import Sequence

import numpy as np

from app.errors import JudgedSetInvalid
from app.types import Modality
from workers.alignment.artifact import Alignment
from workers.bench.sample import Sample, Vectors
from workers.encodings import Encodings
from workers.evaluation.judged import EVERY_SPLIT, JudgedSet
from workers.evaluation.judging import batches
from workers.evaluation.products import product_index

NOISE = 0.5  # length of what is added to a vector of length 1; the two then have a cosine of .89


def tiled(
    sets: Sequence[JudgedSet],
    encodings: Encodings,
    alignment: Alignment,
    *,
    count: int,
    queries: int,
    seed: int,
) -> Sample:
    """Repeats the vectors of the products' pictures, each time with other noise, and draws from the sets' own queries.

    Raises:
        JudgedSetInvalid: no product has a picture that can be read, or no query can be read.
    """
    chance = np.random.default_rng(seed)
    pictures = np.concatenate([_pictures(judged, encodings, alignment) for judged in sets])
    asked = [batch.vectors for judged in sets for batch in batches(judged, None, encodings, alignment)]
    if not len(pictures) or not asked:
        raise JudgedSetInvalid("These sets have no picture of a product, or no query, that can be read.")
    every_query = np.concatenate(asked)
    drawn = chance.choice(len(every_query), queries, replace=len(every_query) < queries)
    return Sample(stored=_noisy(np.resize(pictures, (count, pictures.shape[1])), chance), queries=every_query[drawn])


def _pictures(judged: JudgedSet, encodings: Encodings, alignment: Alignment) -> Vectors:
    modalities = product_index(judged, EVERY_SPLIT, (), encodings, alignment).modalities
    if Modality.IMAGE not in modalities:
        return np.zeros((0, alignment.card.dim), dtype=np.float32)
    return modalities[Modality.IMAGE].vectors


def _noisy(vectors: Vectors, chance: np.random.Generator) -> Vectors:
    noise = chance.standard_normal(vectors.shape, dtype=np.float32) / np.float32(np.sqrt(vectors.shape[1]))
    moved = vectors + NOISE * noise
    unit: Vectors = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return unit
