"""Whether what a query is said to have looked at is what it needs: without it, the score falls.

Source: Petsiuk, Das and Saenko, BMVC 2018, "RISE: Randomized Input Sampling for Explanation of Black-box Models"
(arXiv 1806.07421), whose deletion metric this is with one step.
"""

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from PIL import Image

from app.sample.catalogue import Thing, things
from app.types import Modality, Role
from workers.alignment.tokens import Tokens
from workers.embedder import Embedded, Embedder
from workers.query import QueryVector
from workers.rerank.relevance import Reranked, rerank
from workers.stored import StoredContent

PICTURES = 40
CELLS = 16
SEEN = 260 / 292  # of a picture's short side: the square in its middle that the encoder looks at


@dataclass(frozen=True)
class Case:
    """A query before a picture."""

    query: QueryVector
    thing: Thing
    picture: Embedded  # of the thing
    other: int  # a cell drawn at random, among those that are not looked at most


def _asked(embedder: Embedder, text: str) -> QueryVector:
    (found,) = embedder.embed(Modality.TEXT, [text], Role.QUERY)
    assert isinstance(found, Embedded)
    return QueryVector(
        name="text", modality=Modality.TEXT, vectors=found.vector[None], weight=1.0, shares={}, tokens=found.tokens
    )


def _painted(data: bytes, cell: int) -> bytes:
    """The picture with the colour of its corner in the place of one cell."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    side = min(picture.size) * SEEN
    row, column = divmod(cell, 4)
    left, top = (picture.width - side) / 2 + column * side / 4, (picture.height - side) / 2 + row * side / 4
    colour = picture.getpixel((1, 1))
    assert isinstance(colour, tuple)
    picture.paste(colour, (round(left), round(top), round(left + side / 4), round(top + side / 4)))
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


@pytest.fixture(scope="module")
def cases(embedder: Embedder) -> list[Case]:
    """200 of them: five texts before each of 40 pictures."""
    chance = random.Random(0)
    return [case for thing in chance.sample(things(), PICTURES) for case in _cases(embedder, thing, chance)]


def _cases(embedder: Embedder, thing: Thing, chance: random.Random) -> Iterator[Case]:
    (picture,) = embedder.embed(Modality.IMAGE, [thing.picture()], Role.PASSAGE)
    assert isinstance(picture, Embedded)
    for text in (thing.title, thing.description, thing.asked, f"a photo of {thing.name}", thing.chinese):
        yield Case(_asked(embedder, text), thing, picture, chance.randrange(CELLS - 1))


def _look(embedder: Embedder, query: QueryVector, picture: Embedded) -> Reranked:
    stored = StoredContent(
        product_id=1, modality=Modality.IMAGE, ordinal=0, digest="", vector=picture.vector, tokens=picture.tokens
    )
    found = rerank([query], (Modality.IMAGE,), [stored], embedder.alignment)
    assert found is not None
    return found


def _score(embedder: Embedder, case: Case, picture: Embedded) -> float:
    return _look(embedder, case.query, picture).scores[1]


def _cells(embedder: Embedder, case: Case) -> tuple[int, int]:
    """The cell that the query looks at most, and the other one."""
    looks = _look(embedder, case.query, case.picture).attention(1)
    heat = np.sum([token.weight * np.array(token.pictures[0].weights) for token in looks], axis=0)
    most = int(heat.argmax())
    return most, [cell for cell in range(CELLS) if cell != most][case.other]


def _without(picture: Embedded, cell: int) -> Embedded:
    kept = [place for place in range(CELLS) if place != cell]
    labels = tuple(picture.tokens.labels[place] for place in kept)
    return replace(picture, tokens=Tokens(labels, picture.tokens.vectors[kept]))


def test_without_the_cell_that_is_looked_at_most_the_score_falls_more(embedder: Embedder, cases: list[Case]) -> None:
    """Masked in the attention: in at least 80 % of 200 cases."""
    falls = []
    for case in cases:
        most, other = _cells(embedder, case)
        left = [_score(embedder, case, _without(case.picture, cell)) for cell in (most, other)]
        falls.append(left[0] < left[1])
    assert len(falls) == 200
    assert np.mean(falls) >= 0.8


def test_painted_over_in_the_picture_it_falls_more_too(embedder: Embedder, cases: list[Case]) -> None:
    """Painting changes what the encoder sees of all cells, so that less is sure: three times out of five is not chance.

    Of 200 fair coins, 120 or more would be heads with a probability of .003.
    """
    cells = [_cells(embedder, case) for case in cases]
    wanted = list({(case.thing, cell) for case, own in zip(cases, cells, strict=True) for cell in own})
    painted = [_painted(thing.picture(), cell) for thing, cell in wanted]
    without = dict(zip(wanted, embedder.embed(Modality.IMAGE, painted, Role.PASSAGE), strict=True))
    falls = []
    for case, own in zip(cases, cells, strict=True):
        most, other = [without[case.thing, cell] for cell in own]
        assert isinstance(most, Embedded)
        assert isinstance(other, Embedded)
        falls.append(_score(embedder, case, most) < _score(embedder, case, other))
    assert np.mean(falls) >= 0.6
