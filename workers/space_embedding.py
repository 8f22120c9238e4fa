"""Embeds contents into several spaces at once: an encoder that spaces share sees each content once."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from app.errors import TriseekError
from app.types import Modality, Role
from workers.content_encoder import ContentEncoder
from workers.contents import Content
from workers.embedder import Embedded
from workers.encoders.base import Divided
from workers.kept_outputs import KeptOutputs
from workers.towers import Towers

Outcome = Embedded | TriseekError
Known = Mapping[tuple[int, str, str], Embedded]  # a content's key -> what was made of it before, in one space


@dataclass
class SpaceEmbedding:
    """What came of contents in each of some spaces.

    Args:
        towers: of the spaces.
        contents: of products; each goes into those spaces that its catalogue has.
        known: by space, what is not embedded again.
        kept: what encoders gave before; None to encode all.
    """

    towers: Sequence[Towers]
    contents: Sequence[Content]
    known: Mapping[int, Known]
    kept: KeptOutputs | None
    outcomes: dict[int, dict[int, Outcome]] = field(init=False)  # space -> place of the content -> what came of it
    encoded: set[int] = field(init=False, default_factory=set)  # places of contents that went through an encoder

    def __post_init__(self) -> None:
        self.outcomes = {each.space.id: dict(self._settled(each)) for each in self.towers}

    def run(self, renew: Callable[[], None]) -> None:
        """Embeds what is not known, batch by batch.

        Args:
            renew: is called after each batch.
        """
        # All are started before the first is waited for: pictures are decoded while texts are in the forward pass.
        for encode in [self._started(*each) for each in self._encoders()]:
            for _ in encode:
                renew()

    def _settled(self, towers: Towers) -> Iterator[tuple[int, Outcome]]:
        """What needs no encoder."""
        known = self.known.get(towers.space.id, {})
        for place, content in enumerate(self.contents):
            if content.problem is not None:
                yield place, content.problem
            elif content.key in known:
                yield place, known[content.key]

    def _encoders(self) -> list[tuple[Modality, ContentEncoder, list[Towers]]]:
        """Each encoder, with the spaces that share it."""
        sharing: dict[tuple[Modality, str], list[Towers]] = defaultdict(list)
        for towers in self.towers:
            for modality, encoder in towers.embedder.encoders.items():
                sharing[modality, encoder.card.id].append(towers)
        return [(modality, own[0].embedder.encoders[modality], own) for (modality, _), own in sharing.items()]

    def _started(self, modality: Modality, encoder: ContentEncoder, sharing: Sequence[Towers]) -> Iterator[None]:
        lacking = [
            place
            for place, content in enumerate(self.contents)
            if content.modality is modality and any(self._lacks(each, place) for each in sharing)
        ]
        kept: list[int] = []
        if self.kept is not None and lacking:
            there = self.kept.have(encoder.card, [self.contents[place].digest for place in lacking])
            kept = [place for place, is_there in zip(lacking, there, strict=True) if is_there]
        anew = sorted({*lacking} - {*kept})
        encoding = self._encoding(encoder, anew)
        return self._aligned(modality, encoder, sharing, kept, anew, encoding)

    def _encoding(self, encoder: ContentEncoder, places: Sequence[int]) -> Iterator[list[Divided | TriseekError]]:
        return encoder.start([self.contents[place].data for place in places], Role.PASSAGE)

    def _aligned(
        self,
        modality: Modality,
        encoder: ContentEncoder,
        sharing: Sequence[Towers],
        kept: Sequence[int],
        anew: Sequence[int],
        encoding: Iterator[list[Divided | TriseekError]],
    ) -> Iterator[None]:
        damaged: list[int] = []
        for found in self._kept_of(encoder, kept):
            there = {place: own for place, own in found.items() if own is not None}
            self._align(modality, sharing, list(there), list(there.values()))
            damaged += [place for place in found if place not in there]
            yield
        yield from self._encoded(modality, encoder, sharing, anew, encoding)
        yield from self._encoded(modality, encoder, sharing, damaged, self._encoding(encoder, damaged))

    def _kept_of(self, encoder: ContentEncoder, kept: Sequence[int]) -> Iterator[dict[int, Divided | None]]:
        """What was kept of contents by their places, some of them at a time."""
        if self.kept is not None:
            places = iter(kept)
            for found in self.kept.read(encoder.card, [self.contents[place].digest for place in kept]):
                yield dict(zip(islice(places, len(found)), found, strict=True))

    def _encoded(
        self,
        modality: Modality,
        encoder: ContentEncoder,
        sharing: Sequence[Towers],
        anew: Sequence[int],
        encoding: Iterator[list[Divided | TriseekError]],
    ) -> Iterator[None]:
        """Aligns, and keeps, batches of what goes through the encoder."""
        begun = 0
        for encoded in encoding:
            places = anew[begun : begun + len(encoded)]
            begun += len(encoded)
            self._align(modality, sharing, places, encoded)
            self.encoded.update(places)
            if self.kept is not None:
                own = zip(places, encoded, strict=True)
                self.kept.put(
                    encoder.card,
                    {self.contents[place].digest: each for place, each in own if isinstance(each, Divided)},
                )
            yield

    def _align(
        self,
        modality: Modality,
        sharing: Sequence[Towers],
        places: Sequence[int],
        encoded: Sequence[Divided | TriseekError],
    ) -> None:
        for towers in sharing:
            own = [row for row, place in enumerate(places) if self._lacks(towers, place)]
            aligned = towers.embedder.align(modality, [encoded[row] for row in own])
            self.outcomes[towers.space.id] |= {places[row]: each for row, each in zip(own, aligned, strict=True)}

    def _lacks(self, towers: Towers, place: int) -> bool:
        is_own = towers.space.catalogue_id in (None, self.contents[place].catalogue_id)
        return is_own and place not in self.outcomes[towers.space.id]
