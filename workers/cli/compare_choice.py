"""What `triseek align compare` compares: choices of encoders, of the vectors' length, and of pooling."""

import random
from dataclasses import dataclass, replace
from enum import StrEnum

import click

from app.types import Modality
from workers.encoders.choice import Choice, cards_of, parse
from workers.evaluation.judged import EVERY_SPLIT, JudgedProduct, JudgedQuery, JudgedSet
from workers.training.held_out import TRAIN
from workers.training.selection import DEV
from workers.training.settings import TrainingSettings

MEAN = "mean"
SHORTEST = 16  # numbers of a vector
DEFAULTS = (
    "defaults=",
    "256 numbers=dim=256",
    "mean of segments=pooling=mean",
    "attention over tokens and cells=text=multilingual-e5-small-tokens,image=efficientnet-lite2-grid",
    "mean of tokens and cells=text=multilingual-e5-small-tokens,image=efficientnet-lite2-grid,pooling=mean",
    "attention over cells=image=efficientnet-lite2-grid",
    "mean of cells=image=efficientnet-lite2-grid,pooling=mean",
    "mfcc=speech=mfcc",
    "speech-embedding=speech=speech-embedding",
    "whisper-tiny.en=speech=whisper-tiny.en-segments",
    "all-minilm-l6-v2=text=all-minilm-l6-v2",
    "efficientnet-lite0=image=efficientnet-lite0",
)


class Part(StrEnum):
    """What is trained and measured apart, so that a choice of the one needs nothing of the other."""

    SEEN = "text and image"
    SPOKEN = "speech"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One choice."""

    name: str
    encoders: Choice  # where they are not the default ones
    dim: int = TrainingSettings.dim
    # Whose contents are the mean over their segments, instead of what attention makes of them.
    means: frozenset[Modality] = frozenset()

    @property
    def parts(self) -> tuple[Part, ...]:
        """What it changes; both if it changes no modality more than another."""
        changed = {*self.encoders, *self.means}
        if not changed or self.dim != TrainingSettings.dim:
            return tuple(Part)
        by_part = {Part.SEEN: changed - {Modality.SPEECH}, Part.SPOKEN: changed & {Modality.SPEECH}}
        return tuple(part for part, own in by_part.items() if own)


def read_choice(written: str) -> Compared:
    """Reads `NAME=ENCODERS`: as `--encoders` takes them, with `dim=N` and `pooling=mean` among them if wanted.

    Raises:
        BadParameter: it is not written so.
        EncoderUnknown: its encoders are not.
        WeightsInvalid: a folder or a repository cannot be read.
    """
    name, equals, rest = (part.strip() for part in written.partition("="))
    if not name or not equals:
        raise click.BadParameter(f"{written!r} is not NAME=ENCODERS.", param_hint="--choice")
    parts = [part.strip() for part in rest.split(",") if part.strip()]
    own = dict(part.split("=", 1) for part in parts if part.startswith(("dim=", "pooling=")))
    encoders = parse(",".join(part for part in parts if part.partition("=")[0] not in own))
    dim, pooling = own.get("dim", str(TrainingSettings.dim)), own.get("pooling")
    if not dim.isascii() or not dim.isdigit() or int(dim) < SHORTEST:
        raise click.BadParameter(f"{written!r}: dim is a whole number from {SHORTEST}.", param_hint="--choice")
    if pooling not in (None, MEAN):
        raise click.BadParameter(f"{written!r}: the only other pooling is {MEAN}.", param_hint="--choice")
    means = _means(encoders) if pooling else frozenset()
    if pooling and not means:
        raise click.BadParameter(f"{written!r}: none of its encoders has segments.", param_hint="--choice")
    return Compared(name=name, encoders=encoders, dim=int(dim), means=means)


def _means(encoders: Choice) -> frozenset[Modality]:
    """Which of the named encoders give segments, or of the default ones if none is named."""
    cards = cards_of(encoders)
    return frozenset(modality for modality in encoders or cards if cards[modality].segments > 1)


def limited(judged: JudgedSet, part: Part, most: int) -> JudgedSet:
    """What a part has of a set: some products of train, all of dev, and the queries that they answer.

    A name in another language is to find the title, which is left out only where the query repeats it.

    Args:
        judged: the set.
        part: whose contents stay.
        most: products of train, drawn by the seed of training, beside those that dev asks for.
    """
    train = [product.id for product in judged.products.values() if product.split == TRAIN]
    drawn = random.Random(TrainingSettings.seed).sample(train, min(most, len(train)))  # noqa: S311  not for secrets
    asked = (product for query in judged.queries if query.split == DEV for product in query.relevant)
    kept = {*drawn, *asked}
    products = {
        product.id: _of_part(product, part)
        for product in judged.products.values()
        if product.id in kept or product.split in (DEV, EVERY_SPLIT)
    }
    queries = tuple(
        replace(
            query, relevant=query.relevant & products.keys(), leave_out=() if is_foreign(query) else query.leave_out
        )
        for query in judged.queries
        if query.relevant & products.keys() and (query.modality is Modality.SPEECH) == (part is Part.SPOKEN)
    )
    return replace(judged, products=products, queries=queries)


def is_foreign(query: JudgedQuery) -> bool:
    """Whether it is in another language than English, as far as the set says."""
    return query.lang not in ("", "en")


def _of_part(product: JudgedProduct, part: Part) -> JudgedProduct:
    """Products are never compared by their recordings here, nor recordings with pictures."""
    return replace(product, audio=(), images=() if part is Part.SPOKEN else product.images)
