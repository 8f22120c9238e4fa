"""What the demo uploads and asks: a catalogue and held-out queries, the sample's own or a judged set's."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.sample.catalogue import ATTRIBUTION, things
from app.sample.queries import HeldOut, held_out


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One product to upload, and the pictures and recordings that belong to it."""

    product: dict[str, object]
    images: Sequence[bytes | Path] = field(default=())
    speech: Sequence[bytes | Path] = field(default=())


@dataclass(frozen=True, kw_only=True)
class DemoSet:
    """A catalogue and queries of it."""

    name: str  # of the catalogue
    total: int  # products
    offers: Callable[[], Iterator[Offer]]  # each product, its pictures made or read when it is its turn
    queries: Sequence[HeldOut]
    credit: str = ""  # whom to thank for it


def sample_set() -> DemoSet:
    """The sample catalogue with its held-out queries."""
    return DemoSet(name="sample", total=len(things()), offers=_offers, queries=held_out(), credit=ATTRIBUTION)


def _offers() -> Iterator[Offer]:
    for thing in things():
        yield Offer(product=thing.product(), images=[thing.picture()])
