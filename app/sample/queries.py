"""Held-out queries of the sample catalogue: what a customer types, shows and says to find one thing of it.

Which things are asked for is drawn by a fixed seed out of the whole catalogue, whatever is found of them. Products
carry English only, and neither the wordings nor the voices below are used in training.
"""

import random
from dataclasses import dataclass
from functools import lru_cache

from app.sample.alter import ALTERATIONS, alter
from app.sample.catalogue import Thing, things
from app.sample.speech import synthesise
from app.types import Modality

COUNT = 20  # queries of each kind
KINDS = ("english", "chinese", "picture", "voice", "mix")

_ENGLISH = (
    "I am after {asked}",
    "would you happen to stock {asked}?",
    "{asked}, please",
    "my sister wishes for {asked}",
    "{asked} as a present",
)
_CHINESE = (
    "我想买{chinese}",
    "请问有没有{chinese}？",
    "哪里可以找到{chinese}？",
    "帮我找一下{chinese}",
    "家里需要{chinese}",
)
_SPOKEN = (
    "pardon me, which aisle has the {name}",
    "my nephew keeps talking about the {name}",
    "is there any {name} left",
    "we ran out, so one more {name}",
)
VOICES = ("en-gb-scotland", "en-us+f3", "en-gb+m7", "en-us+f5")


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """One query and the product it should find."""

    kind: str  # one of `KINDS`, or what a judged set says
    label: str  # the query in words, for people
    expected: str  # SKU
    text: str | None = None
    image: bytes | None = None
    speech: bytes | None = None
    also: tuple[str, ...] = ()  # further SKUs that are right
    against: tuple[Modality, ...] = ()  # modalities of the products to compare with; all unless told

    @property
    def relevant(self) -> frozenset[str]:
        """Every SKU that is right."""
        return frozenset({self.expected, *self.also})

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What the query is given as."""
        given = {Modality.TEXT: self.text, Modality.IMAGE: self.image, Modality.SPEECH: self.speech}
        return tuple(modality for modality, content in given.items() if content is not None)


@lru_cache(maxsize=1)
def held_out() -> tuple[HeldOut, ...]:
    """All held-out queries, 20 of each kind; the same each time."""
    made = {"english": _english, "chinese": _chinese, "picture": _picture, "voice": _voice, "mix": _mix}
    return tuple(made[kind](index, thing) for kind in KINDS for index, thing in enumerate(_drawn(kind)))


def _drawn(kind: str) -> list[Thing]:
    return random.Random(f"held out, {kind}").sample(things(), COUNT)  # noqa: S311  # repeatable, not secret


def _english(index: int, thing: Thing) -> HeldOut:
    text = _ENGLISH[index % len(_ENGLISH)].format(asked=thing.asked)
    return HeldOut(kind="english", label=text, expected=thing.sku, text=text)


def _chinese(index: int, thing: Thing) -> HeldOut:
    text = _CHINESE[index % len(_CHINESE)].format(chinese=thing.chinese)
    return HeldOut(kind="chinese", label=text, expected=thing.sku, text=text)


def _picture(index: int, thing: Thing) -> HeldOut:
    label, image = _altered(index, thing)
    return HeldOut(kind="picture", label=label, expected=thing.sku, image=image)


def _voice(index: int, thing: Thing) -> HeldOut:
    label, speech = _spoken(index, thing)
    return HeldOut(kind="voice", label=label, expected=thing.sku, speech=speech)


def _mix(index: int, thing: Thing) -> HeldOut:
    typed = _english(index, thing)
    shown, image = _altered(index, thing)
    said, speech = _spoken(index, thing)
    label = f"{typed.label} + {shown} + {said}"
    return HeldOut(kind="mix", label=label, expected=thing.sku, text=typed.text, image=image, speech=speech)


def _altered(index: int, thing: Thing) -> tuple[str, bytes]:
    how = ALTERATIONS[index % len(ALTERATIONS)]
    rng = random.Random(f"{how} {thing.sku}")  # noqa: S311  # repeatable, not secret
    return f"[{thing.sku}.jpg, {how}]", alter(thing.picture(), how, rng)


def _spoken(index: int, thing: Thing) -> tuple[str, bytes]:
    # The wording advances once per voice round, so that each voice says each wording.
    words = _SPOKEN[(index + index // len(VOICES)) % len(_SPOKEN)].format(name=thing.name)
    voice = VOICES[index % len(VOICES)]
    return f"“{words}” ({voice})", synthesise(words, voice=voice)
