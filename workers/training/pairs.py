"""What training learns from: pairs of contents that stand for the same thing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.types import Modality, Role
from workers.encodings import Content, FileContent, TextContent
from workers.evaluation.judged import EVERY_SPLIT, JudgedProduct, JudgedQuery, JudgedSet

FEW = 3  # a query that many products answer is paired with so many of them
SPOKEN = "speech-text"  # the set of recordings with what they say


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two contents of one thing, which both sides name.

    Contents that have a thing in common, such as a title or an answered query, are never each other's negatives.
    """

    set: str  # pairs of one set are contrasted with each other
    left: tuple[Modality, Content]
    right: tuple[Modality, Content]
    left_things: frozenset[str]
    right_things: frozenset[str]
    varies: bool = False  # whether other views of it may be learnt from, too


def pairs_of(judged: JudgedSet, split: str = "train") -> Iterator[Pair]:
    """The pairs of a judged set's split: what a product has of itself, and queries with what answers them."""
    products = {product.id: product for product in judged.products.values() if product.split in (split, EVERY_SPLIT)}
    for product in products.values():
        yield from _pairs_of_product(judged.name, product)
    for query in judged.queries:
        answers = [products[product] for product in sorted(query.relevant) if product in products]
        if query.split == split and answers:
            yield from _pairs_of_query(judged.name, query, answers)


def _pairs_of_product(name: str, product: JudgedProduct) -> Iterator[Pair]:
    pictures = [(Modality.IMAGE, FileContent(path, Modality.IMAGE)) for path in product.images]
    own = [(Modality.TEXT, TextContent(text, Role.PASSAGE)) for text in product.texts()]
    translated = [(Modality.TEXT, TextContent(title, Role.QUERY)) for title in product.titles.values()]
    things = things_of(name, product)
    for picture in pictures:
        for text in own + translated:
            yield Pair(
                set=f"{name} text-image", left=text, right=picture, left_things=things, right_things=things, varies=True
            )
    for text in translated if own else []:
        yield Pair(
            set=f"{name} text-text", left=text, right=own[0], left_things=things, right_things=things, varies=True
        )


def things_of(name: str, product: JudgedProduct) -> frozenset[str]:
    """What a product of a set is: itself, and its names; another product of one of them is the same thing."""
    names = {title.casefold() for title in (product.title, *product.titles.values()) if title}
    return frozenset({f"{name}/{product.id}", *names})


def _pairs_of_query(name: str, query: JudgedQuery, answers: Sequence[JudgedProduct]) -> Iterator[Pair]:
    # What many products answer (`red shoes`) is no product's own name.
    phrase = len(query.relevant) > 1
    asked, meant = _content(query), frozenset(thing for product in answers for thing in things_of(name, product))
    for product in answers[:: max(1, len(answers) // FEW)][:FEW]:
        things = things_of(name, product)
        for path in product.images:
            picture = (Modality.IMAGE, FileContent(path, Modality.IMAGE))
            kind = "phrase-image" if phrase and query.modality is Modality.TEXT else f"{query.modality}-image"
            yield Pair(
                set=f"{name} {kind}", left=asked, right=picture, left_things=meant, right_things=things, varies=True
            )
        for text in _answering_texts(query, product):
            content = (Modality.TEXT, TextContent(text, Role.PASSAGE))
            # All that is said is contrasted with all else that is said, whatever set it is of.
            kind = SPOKEN if query.modality is Modality.SPEECH else f"{name} {query.modality}-text"
            yield Pair(set=kind, left=asked, right=content, left_things=meant, right_things=things, varies=True)


def _answering_texts(query: JudgedQuery, product: JudgedProduct) -> list[str]:
    if query.modality is Modality.SPEECH:
        # A spoken word is paired with the thing's name, also in its own language, never with a whole description.
        return [text for text in dict.fromkeys((product.title, product.titles.get(query.lang, ""))) if text]
    return product.texts()


def _content(query: JudgedQuery) -> tuple[Modality, Content]:
    if query.modality is Modality.TEXT or query.path is None:
        return Modality.TEXT, TextContent(query.text, Role.QUERY)
    return query.modality, FileContent(query.path, query.modality)
