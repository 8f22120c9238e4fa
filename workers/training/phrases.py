"""Phrases that shoppers ask with, made of products' own attributes: `Women Black Jeans`."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from app.types import Modality, Role
from workers.encodings import FileContent, TextContent
from workers.evaluation.judged import EVERY_SPLIT, JudgedProduct, JudgedSet
from workers.training.pairs import Pair

PHRASES = 3  # of a product
MOST_VALUES = 3  # in a phrase
FIELDS = 6  # of a product that are asked by, at most
LONGEST = 30  # characters of a value that is asked by
RECURRING = 3  # products that have a value at least: of others, it is a name


def phrase_pairs(judged: JudgedSet, seed: int, split: str = "train") -> Iterator[Pair]:
    """Phrases of one to three attributes with the pictures of products that have them.

    Every picture that a phrase is true of stands for it, whichever it is paired with.
    """
    products = [product for product in judged.products.values() if product.split in (split, EVERY_SPLIT)]
    common = Counter(value for product in products for value in set(_values(product)))
    for product in products:
        values = [value for value in _values(product) if common[value] >= RECURRING][:FIELDS]
        if not values or not product.images:
            continue
        chance = random.Random(f"{seed} {product.id}")  # noqa: S311  not for secrets
        true_of_it = frozenset(
            _thing(own) for count in range(1, MOST_VALUES + 1) for own in combinations(values, count)
        )
        for _ in range(PHRASES):
            asked = chance.sample(values, min(len(values), chance.randint(1, MOST_VALUES)))
            yield Pair(
                set=f"{judged.name} attributes-image",
                left=(Modality.TEXT, TextContent(" ".join(asked), Role.QUERY)),
                right=(Modality.IMAGE, FileContent(product.images[0], Modality.IMAGE)),
                left_things=frozenset({_thing(asked)}),
                right_things=true_of_it,
                varies=True,
            )


def _values(product: JudgedProduct) -> list[str]:
    """What it is asked by: short texts; of a path such as `Apparel/Jeans`, its end."""
    texts = [value.rsplit("/", 1)[-1].strip() for value in product.attributes.values() if isinstance(value, str)]
    return [text for text in dict.fromkeys(texts) if 1 < len(text) <= LONGEST and not text.isdigit()]


def _thing(values: Sequence[str]) -> str:
    return " & ".join(sorted(value.casefold() for value in values))
