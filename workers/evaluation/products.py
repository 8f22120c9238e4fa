"""The products that a judged set's queries are ranked over."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from app.types import Modality, Role
from workers.alignment.artifact import Alignment
from workers.encodings import Content, Encodings, FileContent, TextContent
from workers.evaluation.judged import EVERY_SPLIT, JudgedProduct, JudgedSet
from workers.evaluation.scoring import Index, ModalityVectors
from workers.evaluation.word_index import WordIndex


def product_index(
    judged: JudgedSet, split: str, leave_out: Sequence[str], encodings: Encodings, alignment: Alignment
) -> Index:
    """The vectors of a split's products, or of all, without those of the fields that are left out."""
    products = [product for product in judged.products.values() if split in (EVERY_SPLIT, product.split)]
    modalities = {
        modality: _modality_vectors(modality, products, leave_out, encodings, alignment) for modality in Modality
    }
    return Index(
        products=[product.id for product in products],
        modalities={modality: stored for modality, stored in modalities.items() if len(stored.vectors)},
        words=WordIndex.of(product.texts(leave_out) for product in products),
    )


def usual_index(judged: JudgedSet, split: str | None, encodings: Encodings, alignment: Alignment) -> Index:
    """The products that most of a split's queries are ranked over."""
    splits = Counter(judged.index_of(query) for query in judged.of_split(split))
    return product_index(judged, splits.most_common(1)[0][0], (), encodings, alignment)


def product_contents(modality: Modality, product: JudgedProduct, leave_out: Sequence[str]) -> list[Content]:
    """What a product has of one modality, without the fields that are left out."""
    if modality is Modality.TEXT:
        return [TextContent(text, Role.PASSAGE) for text in product.texts(leave_out)]
    paths = product.images if modality is Modality.IMAGE else product.audio
    return [FileContent(path, modality) for path in paths]


def _modality_vectors(
    modality: Modality,
    products: Sequence[JudgedProduct],
    leave_out: Sequence[str],
    encodings: Encodings,
    alignment: Alignment,
) -> ModalityVectors:
    owned = [
        (owner, content)
        for owner, product in enumerate(products)
        for content in product_contents(modality, product, leave_out)
    ]
    keys = encodings.encode(modality, [content for _, content in owned])
    readable = [(owner, key) for (owner, _), key in zip(owned, keys, strict=True) if key is not None]
    own_keys = [key for _, key in readable]
    return ModalityVectors(
        vectors=alignment.project(modality, encodings.outputs(modality, own_keys)),
        owners=np.array([owner for owner, _ in readable], dtype=np.int64),
        keys=own_keys,
    )
