"""What the re-rank is taught and judged by: queries with their candidates, as the cosine stage ranks them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.types import Modality, Role
from workers.alignment.artifact import Alignment
from workers.encodings import Content, Encodings, FileContent, TextContent
from workers.evaluation.judged import JudgedQuery, JudgedSet
from workers.evaluation.judging import ALL, BOTH, Batch, batch_scores, batches
from workers.evaluation.products import product_contents
from workers.evaluation.scoring import Floats
from workers.transcripts import Readings, Transcripts

Held = tuple[Modality, Content]


@dataclass(frozen=True)
class ListedPart:
    """One thing that a query asks with."""

    held: Held
    weight: float  # of the query, summing to 1


@dataclass(frozen=True)
class RankedList:
    """A query with its best products, best first; none is compared with the query's own content."""

    judged: str  # the set
    query: JudgedQuery
    parts: tuple[ListedPart, ...]
    candidates: tuple[tuple[Held, ...], ...]
    scores: Floats  # (candidates,) cosine and words
    relevant: NDArray[np.bool_]  # (candidates,)

    @property
    def contents(self) -> Iterator[Held]:
        """All that it is made of."""
        for part in self.parts:
            yield part.held
        for candidate in self.candidates:
            yield from candidate

    @property
    def teaches(self) -> bool:
        """Whether some candidates are better than others."""
        return bool(self.relevant.any() and not self.relevant.all())


def ranked_lists(
    judged: JudgedSet,
    split: str,
    encodings: Encodings,
    alignment: Alignment,
    *,
    most: int,
    transcripts: Transcripts | None = None,
) -> Iterator[RankedList]:
    """The queries of a split, and those of every split, with up to so many candidates.

    Args:
        judged: products, queries and judgements.
        split: of the queries.
        encodings: of the contents.
        alignment: that ranks.
        most: candidates of a query.
        transcripts: if given, recordings are ranked by what is heard in them, too.
    """
    for batch in batches(judged, split, encodings, alignment):
        found = batch_scores(batch, encodings, alignment, transcripts)
        by_both = found.get(BOTH)
        ranked = (found[str(batch.modality)] if by_both is None else by_both)[ALL]
        heard = _heard(batch, transcripts)
        owned = _owned(judged, batch, encodings)
        for row, query in enumerate(batch.queries):
            best = [int(place) for place in np.argsort(-ranked[row], kind="stable")[:most]]
            candidates = {
                place: tuple(held for held, key in owned[place] if key != batch.keys[row])
                for place in best
                if np.isfinite(ranked[row, place])
            }
            kept = [place for place, contents in candidates.items() if contents]
            yield RankedList(
                judged=judged.name,
                query=query,
                parts=_parts(batch, row, heard[row], alignment.card.transcript_share),
                candidates=tuple(candidates[place] for place in kept),
                scores=ranked[row, kept],
                relevant=np.array([batch.index.products[place] in query.relevant for place in kept], dtype=bool),
            )


def _heard(batch: Batch, transcripts: Transcripts | None) -> Sequence[Readings]:
    recordings = [content for content in batch.contents if isinstance(content, FileContent)]
    if transcripts is None or batch.modality is not Modality.SPEECH:
        return [()] * len(batch.queries)
    return transcripts.of(recordings)


def _parts(batch: Batch, row: int, heard: Readings, heard_share: float) -> tuple[ListedPart, ...]:
    own = (batch.modality, batch.contents[row])
    if not heard:
        return (ListedPart(own, 1.0),)
    said = (Modality.TEXT, TextContent(heard[0], Role.QUERY))
    return ListedPart(own, 1 - heard_share), ListedPart(said, heard_share)


def _owned(judged: JudgedSet, batch: Batch, encodings: Encodings) -> Sequence[Sequence[tuple[Held, str]]]:
    """What can be read of each product that a batch is ranked over, without the fields that its queries leave out."""
    owned: list[list[tuple[Held, str]]] = [[] for _ in batch.index.products]
    for modality in Modality:
        pairs = [
            (place, content)
            for place, product in enumerate(batch.index.products)
            for content in product_contents(modality, judged.products[product], batch.queries[0].leave_out)
        ]
        keys = encodings.encode(modality, [content for _, content in pairs])
        for (place, content), key in zip(pairs, keys, strict=True):
            if key is not None:
                owned[place].append(((modality, content), key))
    return owned


def by_modality(lists: Sequence[RankedList]) -> Mapping[Modality, Sequence[Content]]:
    """All contents of lists, each once."""
    found: dict[Modality, dict[Content, None]] = {modality: {} for modality in Modality}
    for each in lists:
        for modality, content in each.contents:
            found[modality][content] = None
    return {modality: list(contents) for modality, contents in found.items()}
